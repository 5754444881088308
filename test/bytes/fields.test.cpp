// Every field of every structure set to values that do not belong there: the ends of its range, the
// neighbours of what it holds, each bit. Once as damage leaves it, and once under checksums that
// were made to fit: no number is trusted for more than its checksum vouches for.
#include <doctest/doctest.h>

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

}  // namespace tidemark::test
