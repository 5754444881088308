// Locks of open handles.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/disk.hpp"

namespace tidemark::io::windows {

Result<std::unique_ptr<Lock>> take_lock(const std::string& path, std::string_view holder);
Result<bool> probe_lock(const std::string& path);
Result<std::string> read_holder(const std::string& path);

}  // namespace tidemark::io::windows
