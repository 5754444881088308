// The fuzz targets: each takes any bytes to one native decoder and holds what it gives to what it
// must be. libFuzzer drives them in test/fuzz/fuzz.cpp, the kept corpora in
// test/fuzz/replay.test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "format/segment_header.hpp"

namespace tidemark::test::fuzz {

using format::Bytes;
using format::MutableBytes;
using File = std::vector<std::byte>;

// A property that does not hold. Under libFuzzer nobody catches it, which is a crash.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};
inline void hold(bool condition, const char* property) {
  if (!condition) throw Broken(property);
}

struct Target {
  std::string_view name;
  // Throws Broken. True: the decoder took the input, so that all of it was looked at.
  bool (*examine)(Bytes input);
  // Makes checksums fit, as an adversary would: without it no mutation gets past them. The bits of
  // `choice` say what else is made to fit. Does nothing to what it cannot make sense of.
  void (*repair)(MutableBytes input, std::uint32_t choice);
  // Inputs that the decoder takes, of the golden files and beside them.
  std::vector<File> (*seeds)();
};

std::span<const Target> targets();
const Target* find_target(std::string_view name);

bool examine_segment_header(Bytes input);
void repair_segment_header(MutableBytes input, std::uint32_t choice);
std::vector<File> seeds_of_segment_header();

bool examine_frame(Bytes input);
void repair_frame(MutableBytes input, std::uint32_t choice);
std::vector<File> seeds_of_frame();

bool examine_record_table(Bytes input);
void repair_record_table(MutableBytes input, std::uint32_t choice);
std::vector<File> seeds_of_record_table();

bool examine_seal(Bytes input);
std::vector<File> seeds_of_seal();

bool examine_index(Bytes input);
void repair_index(MutableBytes input, std::uint32_t choice);
std::vector<File> seeds_of_index();

bool examine_head(Bytes input);
std::vector<File> seeds_of_head();
bool examine_cursor(Bytes input);
std::vector<File> seeds_of_cursor();
void repair_mark(MutableBytes input, std::uint32_t choice);

bool examine_name(Bytes input);
std::vector<File> seeds_of_name();
bool examine_lock(Bytes input);
std::vector<File> seeds_of_lock();

bool examine_dictionary(Bytes input);
std::vector<File> seeds_of_dictionary();

bool examine_segment(Bytes input);
void repair_segment(MutableBytes input, std::uint32_t choice);
std::vector<File> seeds_of_segment();

bool examine_checkpoint(Bytes input);
void repair_checkpoint(MutableBytes input, std::uint32_t choice);
std::vector<File> seeds_of_checkpoint();
bool examine_checkpoint_name(Bytes input);
std::vector<File> seeds_of_checkpoint_name();

}  // namespace tidemark::test::fuzz
