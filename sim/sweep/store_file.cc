#include "sweep/store_file.h"

#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdint>

namespace lacuna {

namespace fs = std::filesystem;

namespace {

/// A file that nobody writes, as SQLite takes names with options: a store in a folder where its log cannot be made.
std::string immutable_name(const fs::path& path) {
  std::string name = "file:";
  for (const char c : fs::absolute(path).string()) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '?' || c == '#' || c == '%' || byte <= 0x20 || byte >= 0x7f)
      name += fmt::format("%{:02x}", byte);
    else
      name += c;
  }
  return name + "?immutable=1";
}

}  // namespace

bool on_network(const fs::path& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return false;
  switch (static_cast<std::uint32_t>(info.f_type)) {
    case 0x6969:      // NFS
    case 0xff534d42:  // CIFS
    case 0xfe534d42:  // SMB2
    case 0x517b:      // SMB
    case 0x0bd00bd0:  // Lustre
    case 0x47504653:  // GPFS
    case 0x19830326:  // BeeGFS
    case 0x00c36400:  // Ceph
    case 0x5346414f:  // AFS
    case 0x01021997:  // 9P
    case 0x65735546:  // FUSE
      return true;
    default:
      return false;
  }
}

std::string plain_name(const fs::path& path) { return fs::absolute(path).string(); }

std::unique_ptr<SQLite::Database> open_for_reading(const fs::path& path, const fs::path& folder) {
  if (::access(path.c_str(), W_OK) == 0 && ::access(folder.c_str(), W_OK) == 0)
    return std::make_unique<SQLite::Database>(plain_name(path), SQLite::OPEN_READWRITE, kPatience);
  if (::access(folder.c_str(), W_OK) == 0)
    return std::make_unique<SQLite::Database>(plain_name(path), SQLite::OPEN_READONLY, kPatience);
  return std::make_unique<SQLite::Database>(immutable_name(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI, kPatience);
}

}  // namespace lacuna
