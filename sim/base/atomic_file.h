// How a result reaches the disk: whole or not at all, whatever kills the program on the way.
//
// A file or folder is built beside its target under a hidden name, ".NAME.lacuna-PID", synced, and renamed at the
// end. Leftovers of killed runs are told apart from live ones by a lock that dies with its process; the next write to
// the same target removes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lacuna {

/// Writes `contents` to `path`, replacing a file that is there. UserError if the folder is missing or cannot be
/// written, the disk is full, or `path` is a folder.
void write_file(const std::filesystem::path& path, std::string_view contents);

/// A file under construction, for what does not fit memory: a stream of any length, a buffer of a megabyte. Where the
/// file system can, it has no name before commit(), so that nothing is left behind by whatever kills the program.
class StagedFile {
 public:
  /// Opens the file. UserError if `target` is no regular file or its folder is missing or cannot be written.
  explicit StagedFile(const std::filesystem::path& target);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  /// UserError if the disk is full.
  void append(std::string_view text);
  /// Bytes appended so far.
  [[nodiscard]] std::uint64_t size() const { return flushed_ + buffer_.size(); }
  /// Puts `text` in the place of bytes appended before, at byte `at`.
  void replace(std::uint64_t at, std::string_view text);
  /// Writes what is left, syncs and puts the file in its place; an older file there is replaced.
  void commit();

 private:
  void flush();

  std::filesystem::path target_, staging_;
  bool named_ = false;  ///< the file is seen under its hidden name
  int fd_ = -1;
  std::uint64_t flushed_ = 0;  ///< bytes that are in the file
  std::string buffer_;         ///< bytes that follow them
};

/// A folder of results under construction. Nothing is seen at the target before commit().
class StagedFolder {
 public:
  /// Makes the hidden folder beside `target`. UserError if that cannot be done.
  explicit StagedFolder(const std::filesystem::path& target);
  /// Removes the hidden folder if it was not committed.
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  /// Where to write meanwhile.
  [[nodiscard]] const std::filesystem::path& path() const { return staging_; }
  /// Writes one file of the folder. UserError names the file at its final place.
  void write(const std::string& name, std::string_view contents);
  /// Syncs the folder and renames it to the target; a folder that is there is replaced in one step and then removed.
  void commit();

 private:
  std::filesystem::path target_, staging_;
  int lock_ = -1;
};

}  // namespace lacuna
