// How children run, and how they end with this program even if it is killed: they are a group under a shell that reads
// from a pipe whose other end this program holds.
//
// posix_spawn rather than fork: other threads may hold locks. The three pipes are served together, so none can fill up.
#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/error.h"

extern char** environ;

namespace lacuna {

namespace {

/// A pipe whose ends close with this object.
struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() { LACUNA_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "no pipe: error {}", errno); }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close(int end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

/// What of `text` fits into the pipe now; closes it when all is written or nobody reads.
void feed(Pipe& pipe, std::string_view& text) {
  const ssize_t written = ::write(pipe.ends[1], text.data(), text.size());
  if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  if (text.empty() || (written < 0 && errno != EINTR && errno != EAGAIN)) pipe.close(1);
}

void drain(Pipe& pipe, std::string& text) {
  char buffer[4096];
  const ssize_t count = ::read(pipe.ends[0], buffer, sizeof buffer);
  if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  if (count == 0 || (count < 0 && errno != EINTR)) pipe.close(0);
}

/// $1: a folder to remove, or ""; the rest: a command. Descriptor 3 ends when the program does that started this. TERM
/// first: compilers then remove their temporary files.
constexpr const char* kSupervisor = R"(
scratch=$1
shift
(
  trap '' TERM
  read -r never <&3
  kill -TERM 0
  sleep 0.5
  [ -z "$scratch" ] || rm -rf "$scratch"
  kill -KILL 0
) >/dev/null 2>&1 &
watch=$!
"$@" 3<&- &
wait $!
status=$?
kill -KILL $watch
exit $status
)";

/// `lifeline`: nullptr, or a pipe whose reading end becomes the child's descriptor 3.
ChildResult run(const std::vector<std::string>& arguments, std::string_view input, const Pipe* lifeline) {
  Pipe in, out, err;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
  if (lifeline) ::posix_spawn_file_actions_adddup2(&actions, lifeline->ends[0], STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return {.status = -1, .output = {}, .error = {}};
  in.close(0);
  out.close(1);
  err.close(1);

  // A program that does not read its input must not kill us.
  sigset_t broken, before;
  ::sigemptyset(&broken);
  ::sigaddset(&broken, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  ::fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  ChildResult result;
  if (input.empty()) in.close(1);
  while (in.ends[1] >= 0 || out.ends[0] >= 0 || err.ends[0] >= 0) {
    pollfd polled[] = {{in.ends[1], POLLOUT, 0}, {out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
    if (::poll(polled, 3, -1) < 0) continue;
    if (polled[0].revents != 0) feed(in, input);
    if (polled[1].revents != 0) drain(out, result.output);
    if (polled[2].revents != 0) drain(err, result.error);
  }
  const timespec at_once{};
  while (::sigtimedwait(&broken, nullptr, &at_once) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& arguments, std::string_view input) {
  return run(arguments, input, nullptr);
}

ChildResult run_dependent_child(const std::vector<std::string>& arguments, const std::string& scratch) {
  const Pipe lifeline;
  std::vector<std::string> supervised = {"sh", "-c", kSupervisor, "sh", scratch};
  supervised.insert(supervised.end(), arguments.begin(), arguments.end());
  return run(supervised, "", &lifeline);
}

}  // namespace lacuna
