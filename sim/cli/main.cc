// lacuna: the program. The only place that prints results or ends the process.
//
// Exit status: 0 success, 1 a check or gate failed, 2 the user's mistake (one line), 3 our bug, 130 stopped by Ctrl-C.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "cli/check.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/completion.h"
#include "cli/explain.h"
#include "cli/import.h"
#include "cli/list.h"
#include "cli/prune.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/stored_points.h"
#include "cli/sweep.h"
#include "cli/tune.h"

namespace {

constexpr int kSuccess = 0, kCheckFailed = 1, kUserError = 2, kBug = 3;

/// A full disk or a closed pipe behind standard output must not look like success.
void print(const std::string& text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    lacuna::fail(lacuna::Place{"standard output"}, "cannot write: {}", std::strerror(errno));
}

/// The arguments; no arguments, and `help COMMAND`, ask for help.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return {"--help"};
  if (arguments.front() != "help" || arguments.size() > 2) return arguments;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
  return arguments;
}

int run_command(lacuna::Commands& commands, std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // as the parser wants them
    commands.app.parse(std::move(arguments));
  } catch (const CLI::Success& wanted) {  // --help, --version
    const bool version = dynamic_cast<const CLI::CallForVersion*>(&wanted) != nullptr;
    print(version ? fmt::format("{}\n", wanted.what()) : commands.app.help());
    return kSuccess;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}\n", commands.reworded(error));
    return kUserError;
  }
  if (commands.run->parsed()) print(lacuna::run(commands.run_options));
  if (commands.explain->parsed()) print(lacuna::explain(commands.explain_options));
  if (commands.check->parsed()) {
    const lacuna::CheckResult result = lacuna::check(commands.check_options);
    print(result.text);
    if (!result.agrees) return kCheckFailed;
  }
  if (commands.compare->parsed()) {
    const lacuna::CompareResult result = lacuna::compare(commands.compare_options);
    print(result.text);
    for (const auto* path : {&commands.compare_options.base, &commands.compare_options.now})
      lacuna::refuse_damage(*path);
    if (!result.passes) return kCheckFailed;
  }
  if (commands.sweep->parsed()) return lacuna::sweep(commands.sweep_options, print);
  if (commands.merge->parsed()) lacuna::merge(commands.merge_options, print);
  if (commands.report->parsed()) {
    print(lacuna::report(commands.report_options));
    for (const auto& path : commands.report_options.results) lacuna::refuse_damage(path);
  }
  if (commands.import->parsed()) print(lacuna::import_files(commands.import_options));
  if (commands.prune->parsed()) print(lacuna::prune(commands.prune_options));
  if (commands.tune->parsed()) print(lacuna::tune_file(commands.tune_options));
  if (commands.list->parsed()) print(lacuna::list(commands.list_options));
  if (commands.completion->parsed()) {
    const auto shell = lacuna::parse_enum<lacuna::Shell>(commands.completion_options.shell,
                                                         lacuna::Place{"lacuna completion"}, "shell");
    print(lacuna::completion_script(commands, shell));
  }
  return kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    lacuna::Commands commands;
    return run_command(commands, arguments_of(argc, argv));
  } catch (const lacuna::UserError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kUserError;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "lacuna: not enough memory\n");
    return kUserError;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lacuna: a bug of the program, please report it: {}\n", error.what());
    return kBug;
  }
}
