// Is the process that claimed a point still alive? Each process holds a lock on one byte of a file beside the store;
// the kernel lets go of it when the process dies, however it dies, so no clock and no time-out is needed.
#pragma once

#include <cstdint>
#include <filesystem>

namespace lacuna {

class ClaimLocks {
 public:
  /// Makes `path` if missing and locks a byte nobody else holds. UserError if that cannot be done.
  explicit ClaimLocks(std::filesystem::path path);
  /// Lets go, and removes the file if nobody else uses it.
  ~ClaimLocks();
  ClaimLocks(const ClaimLocks&) = delete;
  ClaimLocks& operator=(const ClaimLocks&) = delete;

  /// The byte this process holds: its name in claims. Claims of an earlier holder of the same byte are void.
  [[nodiscard]] std::int64_t owner() const { return owner_; }
  /// Whether a live process, this one too, holds that byte.
  [[nodiscard]] bool alive(std::int64_t owner) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  std::int64_t owner_ = 0;
};

}  // namespace lacuna
