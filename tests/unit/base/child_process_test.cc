// Other programs: what they print, how they end, and input of any size.
#include "base/child_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "../temporary_folder.h"

using namespace lacuna;

TEST_CASE("a child's output and error come apart with its status") {
  const ChildResult result = run_child({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.status == 3);
  CHECK(result.output == "out\n");
  CHECK(result.error == "err\n");
}

TEST_CASE("a child reads all of its input while it writes") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  const ChildResult result = run_child({"sh", "-c", "tee /dev/stderr"}, text);
  CHECK(result.status == 0);
  CHECK(result.output == text);
  CHECK(result.error == text);
}

TEST_CASE("a child that does not read its input does no harm") {
  CHECK(run_child({"true"}, std::string(1'000'000, 'x')).status == 0);
}

TEST_CASE("a killed child and a missing program are told from others") {
  CHECK(run_child({"sh", "-c", "kill -9 $$"}).status == 128 + 9);
  CHECK(run_child({"no-such-program-of-lacuna"}).status == -1);
}

TEST_CASE("a dependent child gives the same answers as another") {
  const ChildResult result = run_dependent_child({"sh", "-c", "echo \"$1\"; echo err >&2; exit 3", "sh", "two words"});
  CHECK(result.status == 3);
  CHECK(result.output == "two words\n");
  CHECK(result.error == "err\n");
  CHECK(run_dependent_child({"sh", "-c", "kill -9 $$"}).status == 128 + 9);
  CHECK(run_dependent_child({"no-such-program-of-lacuna"}).status == 127);
}

namespace {

/// Whether `condition` comes true within ten seconds.
bool comes(const std::function<bool()>& condition) {
  for (int i = 0; i < 200; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace

TEST_CASE("what a dependent child has started ends with the program that is killed and its folder goes") {
  const TemporaryFolder folder;
  const std::filesystem::path scratch = folder.path() / "scratch", ids = scratch / "ids";
  std::filesystem::create_directory(scratch);
  const pid_t program = ::fork();
  if (program == 0) {
    // One that ends when asked to, and one that must be killed; their ids are in the file before it has its name.
    (void)run_dependent_child({"sh", "-c",
                               "sleep 300 & echo $! >\"$0.new\"; (trap '' TERM; sleep 300) & echo $! >>\"$0.new\"; "
                               "mv \"$0.new\" \"$0\"; wait",
                               ids.string()},
                              scratch.string());
    ::_exit(0);
  }
  REQUIRE(comes([&] { return std::filesystem::exists(ids); }));
  pid_t gentle = 0, stubborn = 0;
  std::ifstream(ids) >> gentle >> stubborn;
  REQUIRE(stubborn > 0);
  CHECK(::kill(gentle, 0) == 0);
  CHECK(::kill(stubborn, 0) == 0);
  ::kill(program, SIGKILL);
  ::waitpid(program, nullptr, 0);
  // Gone, or a zombie that nobody waits for.
  const auto ended = [](pid_t id) {
    std::ifstream stat("/proc/" + std::to_string(id) + "/stat");
    std::string word, state;
    return !(stat >> word >> word >> state) || state == "Z";
  };
  CHECK(comes([&] { return ended(gentle) && ended(stubborn); }));
  CHECK(comes([&] { return !std::filesystem::exists(scratch); }));
}
