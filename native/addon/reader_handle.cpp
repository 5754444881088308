#include "addon/reader_handle.hpp"

#include "addon/operation.hpp"
#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

// What getMany found: the records that are there, one behind the other.
struct Found {
  journal::RecordBatch records;       // first_seq and segment_id mean nothing here
  std::vector<std::uint8_t> present;  // of every seq asked for
  std::vector<double> segments;       // of every record found
};

journal::Result<Found> get_all(journal::Reader& reader, const journal::View& view,
                               const std::vector<std::uint64_t>& seqs) {
  Found found;
  found.present.reserve(seqs.size());
  const auto append = [](auto& all, const auto& one) {
    all.insert(all.end(), one.begin(), one.end());
  };
  for (const std::uint64_t seq : seqs) {
    auto got = reader.get(view, seq);
    if (!got) return std::move(got).error();
    const journal::RecordBatch& one = got.value();
    const bool present = !one.lengths.empty();
    found.present.push_back(present ? 1 : 0);
    if (!present) continue;
    append(found.records.payload, one.payload);
    append(found.records.hashes, one.hashes);
    if (!one.attributes.empty()) {
      found.records.attributes.resize(found.records.lengths.size());
      append(found.records.attributes, one.attributes);
    }
    append(found.records.lengths, one.lengths);
    if (!found.records.attributes.empty())
      found.records.attributes.resize(found.records.lengths.size());
    found.segments.push_back(static_cast<double>(one.segment_id));
  }
  return found;
}

}  // namespace

ReaderHandle::Shared::Shared(std::shared_ptr<io::Disk> disk, LookAt the_look,
                             std::uint64_t hash_bytes)
    : look(std::move(the_look)), reader(std::move(disk), hash_bytes) {}

void ReaderHandle::define(Napi::Env env) {
  Handle::define(env, "ReaderHandle",
                 {
                     InstanceMethod<&ReaderHandle::read>("read"),
                     InstanceMethod<&ReaderHandle::get_many>("getMany"),
                     InstanceMethod<&ReaderHandle::dictionary>("dictionary"),
                     InstanceMethod<&ReaderHandle::release>("release"),
                 });
}

Napi::Value ReaderHandle::make(Napi::Env env, std::shared_ptr<io::Disk> disk, LookAt look,
                               std::uint64_t hash_bytes) {
  napi_value object = nullptr;
  ReaderHandle* self = create(env, object);
  if (self == nullptr) return env.Undefined();
  self->shared_ = std::make_shared<Shared>(std::move(disk), std::move(look), hash_bytes);
  return {env, object};
}

// read(operation, from, to, maxBytes, maxRecords, reverse, skip)
Napi::Value ReaderHandle::read(const Napi::CallbackInfo& info) {
  journal::ReadRequest request;
  request.from = integer_argument(info[1]);
  request.to = integer_argument(info[2]);
  request.max_bytes = static_cast<std::size_t>(integer_argument(info[3]));
  request.max_records = static_cast<std::size_t>(integer_argument(info[4]));
  request.reverse = flag_argument(info[5]);
  request.skip_corruption = flag_argument(info[6]);
  Environment::of(info.Env()).run(operation_argument(info), [shared = shared_, request] {
    const std::scoped_lock lock(shared->mutex);
    return outcome_of(shared->reader.read(shared->look(), request), batch_value);
  });
  return info.Env().Undefined();
}

// getMany(operation, seqs: Float64Array)
Napi::Value ReaderHandle::get_many(const Napi::CallbackInfo& info) {
  std::vector<std::uint64_t> seqs;
  for (const double seq : doubles_argument(info[1]))
    seqs.push_back(static_cast<std::uint64_t>(seq));
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, seqs = std::move(seqs)] {
        const std::scoped_lock lock(shared->mutex);
        return outcome_of(
            get_all(shared->reader, shared->look(), seqs), [](Napi::Env env, const Found& found) {
              Napi::Object object(env, batch_value(env, found.records));
              object.Set("present", bytes_value(env, std::as_bytes(std::span(found.present))));
              object.Set("segments", doubles_value(env, found.segments));
              return object;
            });
      });
  return info.Env().Undefined();
}

// dictionary(operation, segment, hash: 8 bytes): the payload behind the hash, empty when there is
// none
Napi::Value ReaderHandle::dictionary(const Napi::CallbackInfo& info) {
  std::uint64_t hash = 0;
  const auto bytes = bytes_argument(info[2]);
  for (std::size_t i = 0; i < sizeof(hash) && i < bytes.size(); ++i) {
    hash |= static_cast<std::uint64_t>(bytes[i]) << (8U * i);
  }
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, segment = integer_argument(info[1]), hash] {
        const std::scoped_lock lock(shared->mutex);
        return outcome_of(shared->reader.dictionary(shared->look(), segment, hash),
                          [](Napi::Env env, const std::vector<std::byte>& payload) {
                            return bytes_value(env, payload);
                          });
      });
  return info.Env().Undefined();
}

// Drops the open file and the cached window without waiting for the garbage collector. A running
// operation ends in peace.
Napi::Value ReaderHandle::release(const Napi::CallbackInfo& info) {
  const std::uint64_t nothing = 0;
  shared_ = std::make_shared<Shared>(
      io::system_host().disk, [] { return journal::View{}; }, nothing);
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
