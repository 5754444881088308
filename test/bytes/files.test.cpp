// Files that are missing, renamed, duplicated, exchanged, emptied, of another time or of another
// journal.
#include <doctest/doctest.h>

#include "format/names.hpp"
#include "support/mass.hpp"

namespace tidemark::test {
namespace {

void run_all(const std::string& name, const std::vector<Damage>& damages) {
  Plan plan;
  plan.count = damages.size();
  plan.damage = [&](std::uint64_t number) { return damages[number]; };
  plan.deep = 1;
  run(name, plan);
}

std::vector<Damage> missing(const Specimen& specimen) {
  std::vector<Damage> damages;
  std::vector<std::string> names;
  for (const auto& [name, content] : specimen.image) names.push_back(name);
  // Every set of files that are gone.
  for (std::uint64_t set = 1; set < std::uint64_t{1} << names.size(); ++set) {
    Image image = specimen.image;
    std::string what = "without";
    for (std::size_t i = 0; i < names.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      image.erase(names[i]);
      what += ' ' + names[i];
    }
    damages.emplace_back(specimen, std::move(image), what);
  }
  return damages;
}

std::vector<Damage> renamed(const Specimen& specimen) {
  std::vector<Damage> damages;
  for (const SegmentMap& segment : specimen.segments) {
    for (std::uint64_t id = 1; id <= specimen.segments.back().id + 3; ++id) {
      const std::string name = format::segment_name(id);
      if (name == segment.file) continue;
      for (const bool keep : {false, true}) {
        Image image = specimen.image;
        const Content content = image.at(segment.file);
        if (!keep) image.erase(segment.file);
        image[name] = content;
        damages.emplace_back(specimen, std::move(image),
                             segment.file + (keep ? " copied to " : " renamed to ") + name);
      }
    }
    for (const char* suffix : {".tmp", ".bak"}) {
      Image image = specimen.image;
      image[segment.file + suffix] = image.at(segment.file);
      image.erase(segment.file);
      damages.emplace_back(specimen, std::move(image), segment.file + " renamed with " + suffix);
    }
  }
  return damages;
}

std::vector<Damage> exchanged(const Specimen& specimen) {
  std::vector<Damage> damages;
  for (const auto& [a, content_a] : specimen.image) {
    for (const auto& [b, content_b] : specimen.image) {
      if (a >= b) continue;
      Image image = specimen.image;
      std::swap(image.at(a), image.at(b));
      damages.emplace_back(specimen, std::move(image), a + " exchanged with " + b);
    }
    for (const std::uint64_t size : {0U, 1U, 100U, 4096U, 8192U, 16384U}) {
      Image image = specimen.image;
      image.at(a) = Content();
      image.at(a).resize(size);
      damages.emplace_back(specimen, std::move(image),
                           a + " as " + std::to_string(size) + " zeros");
    }
  }
  return damages;
}

// Each file as it was at each earlier moment, and all the segments or all the marks of a moment.
std::vector<Damage> of_another_time(const Specimen& specimen) {
  std::vector<Damage> damages;
  for (std::size_t moment = 0; moment < specimen.history.size(); ++moment) {
    const Image& then = specimen.history[moment];
    const std::string when = " as at step " + std::to_string(moment);
    for (const auto& [name, content] : then) {
      Image image = specimen.image;
      image[name] = content;
      damages.emplace_back(specimen, std::move(image), name + when);
      damages.back().older();
    }
    for (const bool segments : {true, false}) {
      Image image;
      for (const auto& [name, content] : specimen.image) {
        if (name.starts_with("segment-") != segments) image[name] = content;
      }
      for (const auto& [name, content] : then) {
        if (name.starts_with("segment-") == segments) image[name] = content;
      }
      damages.emplace_back(specimen, std::move(image),
                           std::string(segments ? "all segments" : "all marks") + when);
      damages.back().older();
    }
  }
  return damages;
}

std::vector<Damage> of_another_journal(const Specimen& specimen, const Specimen& other) {
  std::vector<Damage> damages;
  for (const auto& [name, content] : other.image) {
    Image image = specimen.image;
    image[name] = content;
    damages.emplace_back(specimen, std::move(image), name + " of another journal");
  }
  for (const SegmentMap& segment : other.segments) {
    const std::uint64_t id = specimen.segments.back().id + 1;
    Image image = specimen.image;
    image[format::segment_name(id)] = other.image.at(segment.file);
    damages.emplace_back(specimen, std::move(image),
                         segment.file + " of another journal behind the last");
  }
  return damages;
}

}  // namespace

TEST_CASE("whatever files are missing, what is left is refused or read, and never wrong") {
  for (const Specimen& specimen : {everything(true), everything(false), hashed()})
    run_all("missing files of " + specimen.name, missing(specimen));
}

TEST_CASE("renamed and duplicated segments are refused, and salvage reads each once") {
  for (const Specimen& specimen : {everything(true), everything(false), hashed()})
    run_all("renamed files of " + specimen.name, renamed(specimen));
}

TEST_CASE("files that are exchanged or emptied are refused or reported") {
  for (const Specimen& specimen : {everything(true), everything(false), hashed()})
    run_all("exchanged files of " + specimen.name, exchanged(specimen));
}

TEST_CASE("files of another time never give a wrong value") {
  for (const Specimen& specimen : {everything(true), everything(false), hashed()})
    run_all("older files of " + specimen.name, of_another_time(specimen));
}

TEST_CASE("files of another journal never give a value") {
  run_all("foreign files of everything",
          of_another_journal(everything(true), everything(true, 500)));
  run_all("foreign files of a killed journal",
          of_another_journal(everything(false), everything(false, 500)));
}

}  // namespace tidemark::test
