// Locks of open file descriptions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/disk.hpp"

namespace tidemark::io::posix {

Result<std::unique_ptr<Lock>> take_lock(const std::string& path, std::string_view holder,
                                        std::uint32_t mode);
Result<bool> probe_lock(const std::string& path);
Result<std::string> read_holder(const std::string& path);

}  // namespace tidemark::io::posix
