// A folder with a workload that a command has written: by its signature it is known again, and only then replaced.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace lacuna {

/// Whether workload.yaml begins with "# Written by COMMAND" and the folder holds nothing that such commands do not
/// write.
bool is_written_by(std::string_view command, const std::filesystem::path& folder);

/// Writes `files` (name and contents) as `folder`, whole or not at all. `check` opens them where they lie meanwhile and
/// throws if they are not what they should be. Ctrl-C is held back.
void write_workload_folder(const std::filesystem::path& folder, const std::map<std::string, std::string>& files,
                           const std::function<void(const std::filesystem::path&)>& check);

}  // namespace lacuna
