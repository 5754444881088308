#include "payload.hpp"

#include <algorithm>

#include "format/bytes.hpp"
#include "format/layout.hpp"
#include "io/seeded_random.hpp"
#include "journal/dictionaries.hpp"

namespace tidemark::test {

std::string payload_of(std::uint64_t number, std::size_t bytes) {
  constexpr std::uint64_t contents = 4;
  std::string payload = std::to_string(number) + '.';
  io::SeededRandom random(number);
  switch (number % contents) {
    case 0:
      payload.resize(std::max(bytes, payload.size()), '\0');
      break;
    case 1:
      payload.resize(std::max(bytes, payload.size()), '\xFF');
      break;
    case 2:
      while (payload.size() < bytes) payload += static_cast<char>(random.next());
      break;
    default: {
      // At multiples of 8 from here on stands what a frame begins with.
      std::string word(format::frame_alignment, '\0');
      format::store(std::as_writable_bytes(std::span(word)), 0, format::sync_word);
      while (payload.size() < bytes) payload += word;
      payload.resize(std::max(bytes, std::to_string(number).size() + 1));
      break;
    }
  }
  return payload;
}

std::string dictionary_of(std::uint64_t name) {
  std::string dictionary(journal::dictionary_name_bytes, '\0');
  format::store(std::as_writable_bytes(std::span(dictionary)), 0, name);
  return dictionary + payload_of(name, 40);
}

}  // namespace tidemark::test
