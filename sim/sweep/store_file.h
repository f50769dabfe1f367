// How the file of a store is opened: under which name, and what its file system allows.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <memory>
#include <string>

namespace lacuna {

constexpr int kPatience = 120'000;  ///< ms that a call waits for another process's transaction

/// Whether the file lies where processes on other machines may see it.
bool on_network(const std::filesystem::path& path);

/// A name that SQLite does not take for a URI.
std::string plain_name(const std::filesystem::path& path);

/// A reader that may write can clear the log away when it is the last to leave.
std::unique_ptr<SQLite::Database> open_for_reading(const std::filesystem::path& path,
                                                   const std::filesystem::path& folder);

}  // namespace lacuna
