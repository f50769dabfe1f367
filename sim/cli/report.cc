#include "cli/report.h"

#include "base/atomic_file.h"
#include "cli/stored_points.h"
#include "report/page.h"

namespace lacuna {

std::string report(const ReportOptions& options) {
  if (options.output.empty()) fail(Place{"--output"}, "the name is empty");
  StagedFile file(options.output);  // a name that cannot be written is refused before anything is read
  PageContent content;
  content.version = LACUNA_VERSION;
  for (const auto& path : options.results) {
    if (!is_store(path)) {
      content.results.push_back(read_result(path));
      continue;
    }
    for (auto& sweep : page_sweeps(path)) content.sweeps.push_back(std::move(sweep));
  }
  const std::string page = to_page(content);
  file.append(page);
  file.commit();
  std::size_t points = 0;
  for (const auto& sweep : content.sweeps) points += sweep.points.size();
  return fmt::format("{}: {} results, {} sweeps with {} points, {} KiB\n", options.output, content.results.size(),
                     content.sweeps.size(), points, (page.size() + 1023) / 1024);
}

}  // namespace lacuna
