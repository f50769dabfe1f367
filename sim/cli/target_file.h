// May this file be overwritten? What the program wrote before, yes; anything else only if the user says so.
#pragma once

#include <filesystem>
#include <string_view>

namespace lacuna {

/// UserError if `path` is there, is not empty and does not begin with `begin`, as every WHAT of this program does;
/// not with `force`.
void check_target_file(const std::filesystem::path& path, std::string_view begin, std::string_view what, bool force);

}  // namespace lacuna
