// Every field of every structure set to values that do not belong there: the ends of its range, the
// neighbours of what it holds, each bit. Once as damage leaves it, and once under checksums that
// were made to fit: no number is trusted for more than its checksum vouches for.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/fields.hpp"
#include "support/mass.hpp"

namespace tidemark::test {
namespace {

struct Change {
  const Field* field = nullptr;
  std::uint64_t value = 0;
};

void field_by_field(const Specimen& specimen, bool forged, std::uint64_t stride) {
  const std::vector<Field> fields = fields_of(specimen);
  std::vector<Change> changes;
  for (const Field& field : fields) {
    const std::uint64_t now = get(specimen.image.at(field.file), field);
    for (const std::uint64_t value : values_for(now, field.bytes))
      changes.push_back({&field, value});
  }
  Plan plan;
  plan.count = changes.size();
  plan.stride = stride;
  plan.deep = 4;
  plan.damage = [&](std::uint64_t number) {
    const Change& change = changes[number];
    Image image = specimen.image;
    Content& file = image.at(change.field->file);
    set(file, *change.field, change.value);
    if (forged) change.field->stamp(file);
    Damage damage(specimen, std::move(image),
                  change.field->name + " set to " + std::to_string(change.value) +
                      (forged ? ", under fitting checksums" : ""));
    return forged ? damage.forged() : damage;
  };
  run((forged ? "forged fields of " : "fields of ") + specimen.name, plan);
}

// Both copies of a segment's header say the same that is not so: no copy contradicts the other.
void both_headers(const Specimen& specimen, std::uint64_t stride) {
  struct Pair {
    Field copies[2];
    std::uint64_t value = 0;
  };
  const std::vector<Field> fields = fields_of(specimen);
  std::vector<Pair> pairs;
  for (const SegmentMap& segment : specimen.segments) {
    for (const Field& first : fields) {
      if (first.file != segment.file || first.offset >= format::header_copy_bytes) continue;
      const auto second = std::ranges::find_if(fields, [&](const Field& field) {
        return field.file == first.file && field.offset == first.offset + segment.block;
      });
      REQUIRE(second != fields.end());
      const std::uint64_t now = get(specimen.image.at(first.file), first);
      for (const std::uint64_t value : values_for(now, first.bytes))
        pairs.push_back({{first, *second}, value});
    }
  }
  Plan plan;
  plan.count = pairs.size();
  plan.stride = stride;
  plan.deep = 1;
  plan.damage = [&](std::uint64_t number) {
    const Pair& pair = pairs[number];
    Image image = specimen.image;
    for (const Field& field : pair.copies) {
      set(image.at(field.file), field, pair.value);
      field.stamp(image.at(field.file));
    }
    Damage damage(specimen, std::move(image),
                  pair.copies[0].name + " and its other copy set to " + std::to_string(pair.value) +
                      ", under fitting checksums");
    return damage.forged();
  };
  run("forged fields of both headers of " + specimen.name, plan);
}

}  // namespace

TEST_CASE(
    "each field of header, frame, table, seal, index and mark, damaged, is named or refused") {
  field_by_field(everything(true), false, 17);
  field_by_field(hashed(), false, 17);
}

TEST_CASE("no field is trusted beyond its bounds, also under checksums that fit") {
  field_by_field(everything(true), true, 17);
  field_by_field(everything(false), true, 17);
  field_by_field(hashed(), true, 17);
}

TEST_CASE("no field of a header is trusted beyond its bounds when both copies say the same") {
  both_headers(everything(true), 5);
  both_headers(everything(false), 5);
  both_headers(hashed(), 5);
}

}  // namespace tidemark::test
