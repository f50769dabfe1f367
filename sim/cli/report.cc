#include "cli/report.h"

#include "base/atomic_file.h"
#include "cli/stored_points.h"
#include "cli/target_file.h"
#include "report/page.h"

namespace lacuna {

namespace {

/// "1 result", "2 results"
std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

std::string report(const ReportOptions& options) {
  if (options.output.empty()) fail(Place{"--output"}, "the name is empty");
  check_target_file(options.output, kPageBegin, "report of lacuna", options.force);
  StagedFile file(options.output);  // a name that cannot be written is refused before anything is read
  PageContent content;
  content.version = LACUNA_VERSION;
  for (const auto& path : options.results) {
    if (is_store(path))
      for (auto& sweep : page_sweeps(path)) content.sweeps.push_back(std::move(sweep));
    else if (is_explanation(path))
      content.explanations.push_back(read_explanation(path));
    else
      content.results.push_back(read_result(path));
  }
  const std::string page = to_page(content);
  file.append(page);
  file.commit();
  std::vector<std::string> what;
  if (!content.results.empty()) what.push_back(counted(content.results.size(), "result"));
  if (!content.explanations.empty()) what.push_back(counted(content.explanations.size(), "explanation"));
  std::size_t points = 0;
  for (const auto& sweep : content.sweeps) points += sweep.points.size();
  if (points != 0)
    what.push_back(fmt::format("{} with {}", counted(content.sweeps.size(), "sweep"), counted(points, "point")));
  return fmt::format("{}: {}, {} KiB\n", options.output, fmt::join(what, ", "), (page.size() + 1023) / 1024);
}

}  // namespace lacuna
