#include "journal/report.hpp"

namespace tidemark::journal {

const char* name(ProblemKind kind) noexcept {
  switch (kind) {
    case ProblemKind::header:
      return "header";
    case ProblemKind::frame:
      return "frame";
    case ProblemKind::record:
      return "record";
    case ProblemKind::padding:
      return "padding";
    case ProblemKind::seal:
      return "seal";
    case ProblemKind::index:
      return "index";
    case ProblemKind::link:
      return "link";
    case ProblemKind::missing:
      return "missing";
    case ProblemKind::head:
      return "head";
    case ProblemKind::cursor:
      return "cursor";
    case ProblemKind::unreadable:
      return "unreadable";
  }
  return "frame";
}

}  // namespace tidemark::journal
