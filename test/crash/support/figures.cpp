#include "figures.hpp"

namespace tidemark::test {

void Rows::add(char row) {
  if (row >= first && row <= last) ++counts_[static_cast<std::size_t>(row - first)];
}

void Rows::add(const Rows& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

void Figures::add(const Figures& other) {
  cut_points += other.cut_points;
  recovery_cut_points += other.recovery_cut_points;
  states += other.states;
  images += other.images;
  for (std::size_t i = 0; i < by_cuts.size(); ++i) by_cuts[i] += other.by_cuts[i];
  seen_before += other.seen_before;
  without_room += other.without_room;
  rows.add(other.rows);
}

bool Seen::add_state(const io::Digest& digest) {
  const std::scoped_lock lock(mutex_);
  return states_.insert(digest).second;
}
bool Seen::add_image(const io::Digest& digest) {
  const std::scoped_lock lock(mutex_);
  return images_.insert(digest).second;
}
std::uint64_t Seen::states() const {
  const std::scoped_lock lock(mutex_);
  return states_.size();
}
std::uint64_t Seen::images() const {
  const std::scoped_lock lock(mutex_);
  return images_.size();
}

}  // namespace tidemark::test
