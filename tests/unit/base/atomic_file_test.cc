// Results appear whole or not at all.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "../temporary_folder.h"

using namespace lacuna;

namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a file is written whole and replaces the old one") {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.txt", "one");
  write_file(folder.path() / "a.txt", "two");
  CHECK(contents(folder.path() / "a.txt") == "two");
  CHECK(names_in(folder.path()) == std::set<std::string>{"a.txt"});
}

TEST_CASE("a file that cannot be written is a user error and leaves nothing") {
  const TemporaryFolder folder;
  CHECK(error_text(folder, [&] { write_file(folder.path() / "none" / "a.txt", "x"); }) ==
        "none/a.txt: cannot write: No such file or directory");
  std::filesystem::create_directory(folder.path() / "d");
  CHECK(error_text(folder, [&] { write_file(folder.path() / "d", "x"); }) == "d: cannot write: Is a directory");
  CHECK(names_in(folder.path()) == std::set<std::string>{"d"});
}

TEST_CASE("a staged file is not there before it is committed") {
  const TemporaryFolder folder;
  const std::string much(3 << 20, 'x');  // more than the buffer
  {
    StagedFile staged(folder.path() / "a.txt");
    staged.append(much);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "a.txt"));
    staged.append("end");
    staged.commit();
  }
  CHECK(contents(folder.path() / "a.txt") == much + "end");
  { StagedFile(folder.path() / "a.txt").append(much); }  // not committed: the old file stays
  CHECK(contents(folder.path() / "a.txt") == much + "end");
  CHECK(names_in(folder.path()) == std::set<std::string>{"a.txt"});
}

TEST_CASE("bytes of a staged file can be replaced wherever they are by now") {
  const TemporaryFolder folder;
  StagedFile staged(folder.path() / "a.txt");
  std::string expected;
  const auto append = [&](std::size_t bytes, char c) {
    staged.append(std::string(bytes, c));
    expected.append(bytes, c);
    CHECK(staged.size() == expected.size());
  };
  const auto replace = [&](std::size_t at, const std::string& text) {
    staged.replace(at, text);
    expected.replace(at, text.size(), text);
  };
  append(100, 'a');
  replace(10, "in the buffer");
  append(1 << 20, 'b');  // the buffer is written
  replace(50, "in the file");
  append(100, 'c');
  replace(expected.size() - 100, "in the buffer again");
  replace(expected.size() - 105, "in both");
  replace(expected.size() - 3, "end");
  append(10, 'd');
  staged.commit();
  CHECK(contents(folder.path() / "a.txt") == expected);
}

TEST_CASE("a device is never replaced by a file") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  CHECK(error_text(folder, [&] { write_file(folder.path() / "pipe", "x"); }) ==
        "pipe: cannot write: it is no regular file");
}

TEST_CASE("a staged folder is hidden until it is committed") {
  const TemporaryFolder folder;
  {
    StagedFolder staged(folder.path() / "out");
    staged.write("a.txt", "one");
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
    staged.commit();
  }
  CHECK(names_in(folder.path()) == std::set<std::string>{"out"});
  CHECK(contents(folder.path() / "out" / "a.txt") == "one");
}

TEST_CASE("a staged folder that is not committed disappears") {
  const TemporaryFolder folder;
  {
    StagedFolder staged(folder.path() / "out");
    staged.write("a.txt", "one");
  }
  CHECK(names_in(folder.path()).empty());
}

TEST_CASE("committing replaces all of an older folder") {
  const TemporaryFolder folder;
  for (const std::string name : {"old", "new"}) {
    StagedFolder staged(folder.path() / "out/");  // a slash at the end means the same folder
    staged.write(name, name);
    staged.commit();
  }
  CHECK(names_in(folder.path()) == std::set<std::string>{"out"});
  CHECK(names_in(folder.path() / "out") == std::set<std::string>{"new"});
}

TEST_CASE("leftovers of killed runs are removed and those of live ones are not") {
  const TemporaryFolder folder;
  for (const std::string name : {".out.lacuna-1", ".out.lacuna-2"}) {
    std::filesystem::create_directory(folder.path() / name);
    folder.write(name + "/half", "x");
  }
  const int live = ::open((folder.path() / ".out.lacuna-2").c_str(), O_RDONLY);  // its writer holds the lock
  REQUIRE(::flock(live, LOCK_EX) == 0);
  StagedFolder staged(folder.path() / "out");
  staged.commit();
  CHECK(names_in(folder.path()) == std::set<std::string>{"out", ".out.lacuna-2"});
  ::close(live);
}

TEST_CASE("a staged folder in a missing folder is a user error") {
  const TemporaryFolder folder;
  CHECK(error_text(folder, [&] { StagedFolder staged(folder.path() / "none" / "out"); }) ==
        "none/out: cannot write: No such file or directory");
}
