// The line that the holder of a lock leaves in the lock file, and the same line for people.
#pragma once

#include <string>

#include "io/tasks.hpp"

namespace tidemark::journal {

// {"pid":…,"startTime":"…","bootId":"…","host":"…","since":…} and a newline.
std::string holder_text(io::Clock& clock);
// " (process 123 on host h)", or "" where the line does not say.
std::string describe_holder(const std::string& text);

}  // namespace tidemark::journal
