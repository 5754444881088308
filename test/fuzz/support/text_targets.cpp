// What is decoded without a checksum: names of files, the text in a lock file, names of
// dictionaries.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "format/bytes.hpp"
#include "format/names.hpp"
#include "journal/dictionaries.hpp"
#include "journal/process_text.hpp"
#include "target.hpp"

namespace tidemark::test::fuzz {
namespace {

std::string text_of(Bytes bytes) {
  std::string text(bytes.size(), '\0');
  std::transform(bytes.begin(), bytes.end(), text.begin(),
                 [](std::byte b) { return static_cast<char>(b); });
  return text;
}

File bytes_of(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// A commit: how many entries, the length and the attributes of each, the payload.
struct Commit {
  std::vector<std::uint32_t> lengths;
  std::vector<std::uint8_t> attributes;
  Bytes payload;
};
constexpr std::size_t most_entries = 16;

Commit commit_of(Bytes input) {
  Commit commit;
  const std::size_t entries = std::to_integer<std::size_t>(input[0]) % most_entries;
  std::size_t next = 1;
  for (; commit.lengths.size() < entries && input.size() - next >= 2; next += 2) {
    commit.lengths.push_back(std::to_integer<std::uint32_t>(input[next]));
    commit.attributes.push_back(std::to_integer<std::uint8_t>(input[next + 1]));
  }
  commit.payload = input.subspan(next);
  // The lengths of a commit add up to its payload: the last entries have what is left.
  std::size_t left = commit.payload.size();
  for (std::uint32_t& length : commit.lengths) {
    length = static_cast<std::uint32_t>(std::min<std::size_t>(length, left));
    left -= length;
  }
  commit.payload = commit.payload.first(commit.payload.size() - left);
  return commit;
}

bool is_flagged(std::uint8_t attributes) {
  return (attributes & format::record_flag::has_dictionary) != 0;
}

// The names of the flagged records; nullopt where one is too short to have one.
std::optional<std::set<std::uint64_t>> names_in(const Commit& commit) {
  std::set<std::uint64_t> names;
  std::size_t at = 0;
  for (std::size_t i = 0; i < commit.lengths.size(); ++i) {
    if (is_flagged(commit.attributes[i])) {
      if (commit.lengths[i] < journal::dictionary_name_bytes) return std::nullopt;
      names.insert(format::load<std::uint64_t>(commit.payload, at));
    }
    at += commit.lengths[i];
  }
  return names;
}

// Every second name is known. A dictionary begins with its name.
journal::DictionaryBytes find_dictionary(std::uint64_t name) {
  if (name % 2 != 0) return nullptr;
  auto bytes = std::make_shared<std::vector<std::byte>>(journal::dictionary_name_bytes + 1);
  format::store<std::uint64_t>(*bytes, 0, name);
  return bytes;
}

void hold_completed(const Commit& commit, const journal::CommitContents& contents,
                    const std::set<std::uint64_t>& carried) {
  hold(contents.lengths.size() == commit.lengths.size() + carried.size() &&
           contents.attributes.size() == contents.lengths.size(),
       "a commit carries each dictionary once");
  std::size_t at = 0;
  std::size_t i = 0;
  for (const std::uint64_t name : carried) {
    hold(contents.attributes[i] == format::record_kind::dictionary &&
             journal::dictionary_name(contents.payload.subspan(at, contents.lengths[i])) == name,
         "dictionaries stand in front, and begin with their names");
    at += contents.lengths[i++];
  }
  const Bytes behind = contents.payload.subspan(at);
  hold(std::equal(behind.begin(), behind.end(), commit.payload.begin(), commit.payload.end()) &&
           std::equal(commit.lengths.begin(), commit.lengths.end(),
                      contents.lengths.begin() + static_cast<std::ptrdiff_t>(i)) &&
           std::equal(commit.attributes.begin(), commit.attributes.end(),
                      contents.attributes.begin() + static_cast<std::ptrdiff_t>(i)),
       "the records behind them are as they were");
}

}  // namespace

bool examine_name(Bytes input) {
  const std::string name = text_of(input);
  const auto parsed = format::parse_name(name);
  using format::NameKind;
  switch (parsed.kind) {
    case NameKind::foreign:
      return false;
    case NameKind::lock:
      hold(name == format::lock_name, "there is one name of a lock");
      break;
    case NameKind::head:
      hold(name == format::head_name, "there is one name of a head");
      break;
    case NameKind::segment:
      hold(name == format::segment_name(parsed.segment_id), "a segment has one spelling");
      break;
    case NameKind::cursor:
      hold(format::valid_cursor_name(parsed.cursor) &&
               name == format::cursor_file_name(parsed.cursor),
           "a cursor has one spelling");
      break;
    case NameKind::temporary: {
      if (parsed.segment_id != 0) {
        hold(name == format::segment_temporary_name(parsed.segment_id),
             "the temporary of a segment has one spelling");
        break;
      }
      const std::string file = parsed.cursor.empty() ? std::string(format::head_name)
                                                     : format::cursor_file_name(parsed.cursor);
      constexpr std::size_t infix_bytes = 5;  // ".tmp-"
      hold(name.size() > file.size() + infix_bytes &&
               name == format::temporary_name(file, name.substr(file.size() + infix_bytes)),
           "the temporary of a mark has one spelling");
      break;
    }
  }
  return true;
}

std::vector<File> seeds_of_name() {
  std::vector<File> seeds;
  for (const std::string& name :
       {std::string(format::lock_name), std::string(format::head_name), format::segment_name(1),
        format::segment_name(format::maximum_segment_id), format::segment_temporary_name(2),
        format::cursor_file_name("replica/b"), format::cursor_file_name("a.tmp-b"),
        format::temporary_name(format::head_name, "1-a_z"),
        format::temporary_name(format::cursor_file_name("\xF0\x9F\x8C\x8A"), "0")}) {
    seeds.push_back(bytes_of(name));
  }
  return seeds;
}

bool examine_lock(Bytes input) {
  const std::string text = text_of(input);
  const std::string described = journal::describe_holder(text);
  if (described.empty()) return false;
  constexpr std::string_view front = " (process ";
  constexpr std::string_view between = " on ";
  hold(described.starts_with(front) && described.ends_with(')'), "a holder is put in brackets");
  const std::string inside = described.substr(front.size(), described.size() - front.size() - 1);
  const std::size_t digits = inside.find_first_not_of("0123456789");
  hold(digits != 0 && text.find(inside.substr(0, digits)) != std::string::npos,
       "a process has a number");
  if (digits == std::string::npos) return true;
  hold(inside.compare(digits, between.size(), between) == 0, "nothing but a host follows");
  const std::string host = inside.substr(digits + between.size());
  hold(!host.empty() && text.find(host) != std::string::npos, "a host is one that is named");
  hold(std::ranges::none_of(host, [](char c) { return c >= 0 && (c < ' ' || c == 0x7f); }),
       "no control character of the file reaches a message");
  return true;
}

std::vector<File> seeds_of_lock() {
  std::vector<File> seeds;
  seeds.push_back(
      bytes_of(R"({"pid":123,"startTime":"456","bootId":"0f-1","host":"one","since":1700000000000})"
               "\n"));
  seeds.push_back(bytes_of(R"({"pid":123,"host":"a\"b\\u0001"})"));
  seeds.push_back(bytes_of(R"({"pid":7})"));
  return seeds;
}

bool examine_dictionary(Bytes input) {
  if (input.empty()) return false;
  const Commit commit = commit_of(input);
  const auto names = journal::named_dictionaries(commit.payload, commit.lengths, commit.attributes);
  const auto expected = names_in(commit);
  hold(names.has_value() == expected.has_value(), "a record without room for a name is refused");
  if (!names) return false;
  hold(std::equal(names->begin(), names->end(), expected->begin(), expected->end()),
       "names are given once, ascending");
  journal::SegmentDictionaries dictionaries;
  journal::CommitContents contents;
  contents.first_seq = 1;
  contents.payload = commit.payload;
  contents.lengths = commit.lengths;
  contents.attributes = commit.attributes;
  std::set<std::uint64_t> known;
  for (const std::uint64_t name : *names) {
    if (find_dictionary(name)) known.insert(name);
  }
  // In the first two commits of a segment that need it.
  for (const bool carries : {true, true, false}) {
    hold_completed(commit, dictionaries.complete(contents, find_dictionary),
                   carries ? known : std::set<std::uint64_t>{});
    dictionaries.wrote();
  }
  return !names->empty();
}

std::vector<File> seeds_of_dictionary() {
  const auto flag = static_cast<char>(format::record_flag::has_dictionary);
  std::string two = {2, 9, flag, 8, flag};
  two += "\x02-------x";
  two += "\x03-------";
  std::string mixed = {3, 2, 0, 10, flag, 0, 8};
  mixed += "no\x04-------it";
  return {bytes_of(two), bytes_of(mixed)};
}

}  // namespace tidemark::test::fuzz
