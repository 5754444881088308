// The fields of every structure on the disk, as docs/format.md lists them, to be set to values that
// do not belong there: as damage leaves them, or with the checksums over them made to fit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "damage.hpp"

namespace tidemark::test {

struct Field {
  std::string name;  // "seal of segment 3: records"
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  // Makes the checksums over it fit what the file holds.
  std::function<void(Content&)> stamp;
};

// Of all segments' headers, frames, seals and indexes, and of the marks.
std::vector<Field> fields_of(const Specimen& specimen);

// Values for a field that now holds `value`: the ends of its range and those of signed readings,
// the neighbours of what it holds, single bits.
std::vector<std::uint64_t> values_for(std::uint64_t value, std::uint64_t bytes);

std::uint64_t get(const Content& content, const Field& field);
void set(Content& content, const Field& field, std::uint64_t value);

}  // namespace tidemark::test
