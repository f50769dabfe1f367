// Open-file-description locks: they belong to the open file, not to the process, so closing another file does not drop
// them, and they work over NFS.
#include "sweep/claim_locks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace lacuna {

namespace {

/// Process numbers end below this, so that the next byte to try for a number that is taken belongs to no other number.
constexpr std::int64_t kStride = std::int64_t{1} << 24;

struct flock bytes(short type, std::int64_t first, std::int64_t count) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = first;
  lock.l_len = count;
  return lock;
}

/// Whether `fd` still is what `path` names.
bool is_at(int fd, const std::filesystem::path& path) {
  struct stat ours {
  }, there{};
  return ::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

}  // namespace

ClaimLocks::ClaimLocks(std::filesystem::path path) : path_(std::move(path)) {
  const Place place{path_.string()};
  for (;;) {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) fail(place, "cannot write: {}", std::strerror(errno));
    for (owner_ = ::getpid();; owner_ += kStride) {
      struct flock lock = bytes(F_WRLCK, owner_, 1);
      if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) break;
      if (errno != EAGAIN && errno != EACCES) {
        const int error = errno;
        ::close(fd_);
        fail(place, "cannot write: {}", std::strerror(error));
      }
    }
    if (is_at(fd_, path_)) return;
    ::close(fd_);  // a process that left has just removed it
  }
}

ClaimLocks::~ClaimLocks() {
  struct flock all = bytes(F_WRLCK, 0, 0);
  if (::fcntl(fd_, F_OFD_SETLK, &all) == 0 && is_at(fd_, path_)) ::unlink(path_.c_str());
  ::close(fd_);
}

bool ClaimLocks::alive(std::int64_t owner) const {
  if (owner == owner_) return true;
  struct flock lock = bytes(F_WRLCK, owner, 1);
  return ::fcntl(fd_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace lacuna
