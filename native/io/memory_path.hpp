// Paths in a tree in memory, for the disks that have one. `Node` has `directory`, a bool, and
// `entries`, a map from name to std::shared_ptr<Node>.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.hpp"

namespace tidemark::io {

inline constexpr std::size_t max_path_components = 4096;

// Where a path leads: its nodes from the root down as far as they exist.
template <class Node>
struct MemoryPlace {
  std::vector<std::string_view> names;       // without "." and ".."
  std::vector<std::shared_ptr<Node>> nodes;  // the root, and one for each name that exists
  Errc failure = Errc::not_found;            // when neither `exists` nor `creatable`
  [[nodiscard]] bool exists() const { return nodes.size() == names.size() + 1; }
  [[nodiscard]] bool creatable() const {
    return nodes.size() == names.size() && nodes.back()->directory;
  }
  [[nodiscard]] const std::shared_ptr<Node>& node() const { return nodes.back(); }
  [[nodiscard]] const std::shared_ptr<Node>& directory() const { return nodes[names.size() - 1]; }

  // Neither existing nor creatable: two names behind the last node.
  void make_unreachable(Errc reason) {
    failure = reason;
    names.resize(nodes.size() + 1);
  }
};

template <class Node>
MemoryPlace<Node> find_in_memory(const std::shared_ptr<Node>& root, std::string_view path) {
  MemoryPlace<Node> place;
  place.nodes.push_back(root);
  if (path.empty()) place.make_unreachable(Errc::not_found);
  bool missing = false;  // only the last name may be
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name.empty()) continue;
    if (missing || !place.nodes.back()->directory) {
      place.make_unreachable(missing ? Errc::not_found : Errc::not_directory);
      return place;
    }
    if (name == ".") continue;
    if (name == "..") {
      if (!place.names.empty()) {
        place.names.pop_back();
        place.nodes.pop_back();
      }
      continue;
    }
    if (name.find('\0') != std::string_view::npos || place.names.size() >= max_path_components) {
      place.make_unreachable(Errc::invalid);
      return place;
    }
    place.names.push_back(name);
    const auto found = place.nodes.back()->entries.find(name);
    if (found == place.nodes.back()->entries.end()) {
      missing = true;
    } else {
      place.nodes.push_back(found->second);
    }
  }
  return place;
}

template <class Node>
std::string canonical_path(const MemoryPlace<Node>& place) {
  std::string result;
  for (const std::string_view name : place.names) result.append("/").append(name);
  return result.empty() ? "/" : result;
}

// Whether `source` may be renamed to `target`, by the rules of POSIX. False: they are one file, and
// nothing is to be done.
template <class Node>
Result<bool> may_rename(const MemoryPlace<Node>& source, const std::string& from,
                        const MemoryPlace<Node>& target, const std::string& to) {
  const auto refuse = [](Errc code, const std::string& path) {
    return Error{code, Call::rename, 0, path};
  };
  if (!source.exists()) return refuse(source.failure, from);
  if (source.names.empty() || target.names.empty()) return refuse(Errc::busy, from);
  const std::shared_ptr<Node>& moved = source.node();
  if (target.exists()) {
    const Node& replaced = *target.node();
    if (&replaced == moved.get()) return false;
    if (replaced.directory && !moved->directory) return refuse(Errc::is_directory, to);
    if (!replaced.directory && moved->directory) return refuse(Errc::not_directory, to);
    if (!replaced.entries.empty()) return refuse(Errc::directory_full, to);
  } else if (!target.creatable()) {
    return refuse(target.failure, to);
  }
  const bool into_itself =
      std::find(target.nodes.begin(), target.nodes.end(), moved) != target.nodes.end();
  if (into_itself) return refuse(Errc::invalid, to);
  return true;
}

}  // namespace tidemark::io
