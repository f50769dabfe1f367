#include "cli/report.h"

#include "base/atomic_file.h"
#include "report/page.h"

namespace lacuna {

std::string report(const ReportOptions& options) {
  if (options.output.empty()) fail(Place{"--output"}, "the name is empty");
  StagedFile file(options.output);  // a name that cannot be written is refused before anything is read
  PageContent content;
  content.version = LACUNA_VERSION;
  for (const auto& path : options.results) content.results.push_back(read_result(path));
  const std::string page = to_page(content);
  file.append(page);
  file.commit();
  return fmt::format("{}: {} results, {} KiB\n", options.output, content.results.size(), (page.size() + 1023) / 1024);
}

}  // namespace lacuna
