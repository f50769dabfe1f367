// Temporary names, locks, fsync and rename. Linux: a folder is exchanged with the old one in one system call.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void cannot_write(const fs::path& target, int error) {
  fail(Place{target.string()}, "cannot write: {}", std::strerror(error));
}

/// The folder in which `target` lies.
fs::path folder_of(const fs::path& target) {
  const fs::path parent = target.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

/// "results/" and "results" are the same target.
fs::path without_slash(const fs::path& target) { return target.has_filename() ? target : target.parent_path(); }

std::string prefix_of(const fs::path& target) { return "." + target.filename().string() + ".lacuna-"; }

/// Opens and locks `path`; -1 if it is gone or a live process holds it. The lock ends with the process.
int try_lock(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat ours {
  }, there{};
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && ::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
      ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
    return fd;
  ::close(fd);
  return -1;
}

/// Removes what killed runs left beside `target`. Faults are ignored: a leftover is hidden and does no harm.
void remove_leftovers(const fs::path& target) {
  std::error_code error;
  const std::string prefix = prefix_of(target);
  for (fs::directory_iterator it(folder_of(target), error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(prefix)) continue;
    const int fd = try_lock(it->path());
    if (fd < 0) continue;
    std::error_code ignored;
    fs::remove_all(it->path(), ignored);
    ::close(fd);
  }
}

/// Writes all of `contents` to `fd`; 0 or the error number.
int write_some(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// The same, and syncs it.
int write_all(int fd, std::string_view contents) {
  const int error = write_some(fd, contents);
  return error != 0 ? error : ::fsync(fd) == 0 ? 0 : errno;
}

/// Makes a rename in `folder` last. Not every file system can; the rename itself has succeeded.
void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)::fsync(fd);
  ::close(fd);
}

}  // namespace

void write_file(const fs::path& path, std::string_view contents) {
  StagedFile file(path);
  file.append(contents);
  file.commit();
}

StagedFile::StagedFile(const fs::path& target)
    : target_(target), staging_(folder_of(target) / fmt::format("{}{}", prefix_of(target), ::getpid())) {
  std::error_code ignored;
  if (fs::is_directory(target, ignored)) cannot_write(target_, EISDIR);
  if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored))
    fail(Place{target.string()}, "cannot write: it is no regular file");
  remove_leftovers(target);
  fd_ = ::open(folder_of(target).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (fd_ >= 0) return;
  // Some file systems have no files without a name.
  fd_ = ::open(staging_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) cannot_write(target_, errno);
  named_ = true;
  (void)::flock(fd_, LOCK_EX | LOCK_NB);
}

StagedFile::~StagedFile() {
  if (named_) ::unlink(staging_.c_str());
  if (fd_ >= 0) ::close(fd_);
}

void StagedFile::append(std::string_view text) {
  constexpr std::size_t kBuffer = std::size_t{1} << 20;
  buffer_ += text;
  if (buffer_.size() >= kBuffer) flush();
}

void StagedFile::flush() {
  if (const int error = write_some(fd_, buffer_); error != 0) cannot_write(target_, error);
  flushed_ += buffer_.size();
  buffer_.clear();
}

void StagedFile::replace(std::uint64_t at, std::string_view text) {
  LACUNA_CHECK(at + text.size() <= size(), "bytes {} to {} of {} are replaced", at, at + text.size(), size());
  if (at >= flushed_) {
    buffer_.replace(at - flushed_, text.size(), text);
    return;
  }
  if (at + text.size() > flushed_) flush();
  while (!text.empty()) {
    const ssize_t written = ::pwrite(fd_, text.data(), text.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) cannot_write(target_, written < 0 ? errno : EIO);
    text.remove_prefix(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
}

void StagedFile::commit() {
  LACUNA_CHECK(fd_ >= 0, "committed twice");
  flush();
  if (::fsync(fd_) != 0) cannot_write(target_, errno);
  if (!named_) {
    const std::string unnamed = fmt::format("/proc/self/fd/{}", fd_);
    ::unlink(staging_.c_str());  // of an earlier process with our number
    if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, staging_.c_str(), AT_SYMLINK_FOLLOW) != 0)
      cannot_write(target_, errno);
    named_ = true;
  }
  if (::rename(staging_.c_str(), target_.c_str()) != 0) cannot_write(target_, errno);
  named_ = false;
  ::close(fd_);
  fd_ = -1;
  sync_folder(folder_of(target_));
}

StagedFolder::StagedFolder(const fs::path& target)
    : target_(without_slash(target)),
      staging_(folder_of(target_) / fmt::format("{}{}", prefix_of(target_), ::getpid())) {
  remove_leftovers(target_);
  if (::mkdir(staging_.c_str(), 0777) != 0) cannot_write(target_, errno);
  lock_ = try_lock(staging_);
}

StagedFolder::~StagedFolder() {
  if (!staging_.empty()) {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
  }
  if (lock_ >= 0) ::close(lock_);
}

void StagedFolder::write(const std::string& name, std::string_view contents) {
  LACUNA_CHECK(!staging_.empty(), "write after commit");
  const int fd = ::open((staging_ / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) cannot_write(target_ / name, errno);
  const int error = write_all(fd, contents);
  ::close(fd);
  if (error != 0) cannot_write(target_ / name, error);
}

void StagedFolder::commit() {
  LACUNA_CHECK(!staging_.empty(), "committed twice");
  sync_folder(staging_);
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target_, ignored))) {
    // Afterwards the old folder has the hidden name and is removed by the destructor.
    if (::renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0)
      cannot_write(target_, errno);
    fs::remove_all(staging_, ignored);
  } else if (::rename(staging_.c_str(), target_.c_str()) != 0) {
    cannot_write(target_, errno);
  }
  staging_.clear();
  sync_folder(folder_of(target_));
}

}  // namespace lacuna
