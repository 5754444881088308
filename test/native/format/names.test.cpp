// The names of files: ours in one spelling only.
#include "format/names.hpp"

#include <doctest/doctest.h>

#include "format/marks.hpp"

using namespace tidemark::format;

TEST_CASE("segment names come back as their ids") {
  CHECK(segment_name(1) == "segment-0000000000000001.tide");
  CHECK(segment_temporary_name(0xABCDEF) == "segment-0000000000abcdef.tide.tmp");
  for (const std::uint64_t id :
       {std::uint64_t{1}, std::uint64_t{0x123456789}, maximum_segment_id}) {
    CHECK(parse_name(segment_name(id)).kind == NameKind::segment);
    CHECK(parse_name(segment_name(id)).segment_id == id);
    CHECK(parse_name(segment_temporary_name(id)).kind == NameKind::temporary);
    CHECK(parse_name(segment_temporary_name(id)).segment_id == id);
  }
  for (const std::uint64_t id : {maximum_segment_id + 1, UINT64_MAX}) {
    CHECK(parse_name(segment_name(id)).kind == NameKind::foreign);
    CHECK(parse_name(segment_temporary_name(id)).kind == NameKind::foreign);
  }
}

TEST_CASE("cursor names come back, whatever they hold, and differ where case is ignored") {
  for (const std::string name :
       {"plain", "Upper", "upper", "a/b\\c", "..", "%41", "sp ace", "x.tmp-1", "\xE2\x82\xAC"}) {
    const std::string file = cursor_file_name(name);
    CAPTURE(file);
    const ParsedName parsed = parse_name(file);
    CHECK(parsed.kind == NameKind::cursor);
    CHECK(parsed.cursor == name);
    for (const char c : file) CHECK_FALSE((c >= 'A' && c <= 'Z'));
    CHECK(file.find_first_of("/\\:*?\"<>|") == std::string::npos);
    const ParsedName temporary = parse_name(temporary_name(file, "123-7"));
    CHECK(temporary.kind == NameKind::temporary);
    CHECK(temporary.cursor == name);
  }
  CHECK(cursor_file_name("Upper") == "cursor-%55pper.mark");
}

TEST_CASE("cursor names have a length and are UTF-8") {
  CHECK_FALSE(valid_cursor_name(""));
  CHECK(valid_cursor_name(std::string(maximum_cursor_name_bytes, 'a')));
  CHECK_FALSE(valid_cursor_name(std::string(maximum_cursor_name_bytes + 1, 'a')));
  // Each byte takes three in the file's name; with its temporary's token that has 255.
  std::string longest;
  while (valid_cursor_name(longest + "A")) longest += "A";
  CHECK(temporary_name(cursor_file_name(longest), std::string(40, 't')).size() <= 255);
  CHECK(temporary_name(cursor_file_name(longest), std::string(40, 't')).size() > 250);
  for (const std::string bad : {"\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    CHECK_FALSE(valid_cursor_name(bad));
  }
  CHECK(valid_cursor_name("\xF0\x9F\x8C\x8A"));
}

TEST_CASE("the lock, the head and its temporary are known") {
  CHECK(parse_name("journal.lock").kind == NameKind::lock);
  CHECK(parse_name("head").kind == NameKind::head);
  const ParsedName parsed = parse_name(temporary_name(head_name, "99-1"));
  CHECK(parsed.kind == NameKind::temporary);
  CHECK(parsed.segment_id == 0);
  CHECK(parsed.cursor.empty());
}

TEST_CASE("every other name is foreign") {
  for (const char* name : {"",
                           ".",
                           "..",
                           "Head",
                           "head.tmp-",
                           "head.tmp-a b",
                           "head.tmp",
                           "journal.lock.tmp-1",
                           "segment-1.tide",
                           "segment-0000000000000000.tide",
                           "segment-000000000000000A.tide",
                           "segment-00000000000000001.tide",
                           "segment-0000000000000001.tide.bak",
                           "segment-0000000000000001.tide.tmp-1",
                           "segment-000000000000000g.tide",
                           "SEGMENT-0000000000000001.tide",
                           "segment-.tide",
                           "cursor-.mark",
                           "cursor-A.mark",
                           "cursor-%4.mark",
                           "cursor-%61.mark",
                           "cursor-%4A.mark",
                           "cursor-a",
                           "cursor-%80.mark",
                           "cursor-a.mark.tmp",
                           "cursor-a.mark.tmp-",
                           "notes.txt",
                           ".DS_Store"}) {
    CAPTURE(name);
    CHECK(parse_name(name).kind == NameKind::foreign);
  }
}
