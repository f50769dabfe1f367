#include <fmt/ranges.h>

#include "report/csv_line.h"
#include "report/explain_report.h"

namespace lacuna {

std::string explain_csv(const ExplainReport& report) {
  const Explanation& e = report.explanation;
  std::string out;
  const auto add = [&](const Finding& finding, const std::string& layer, std::uint64_t before, std::uint64_t cycles) {
    CsvLine line;
    line.add("limit", finding.limit);
    line.add("kind", name_of(finding.evidence));
    line.add("settings", fmt::format("{}", fmt::join(finding.settings, " ")));
    line.add("layer", layer);
    line.add("cycles_before", before);
    line.add("cycles", cycles);
    line.add("won", fmt::format("{}", static_cast<std::int64_t>(before) - static_cast<std::int64_t>(cycles)));
    if (out.empty()) out = line.head();
    out += line.values();
  };
  for (const Finding& finding : e.findings) {
    for (std::size_t i = 0; i < e.layers.size(); ++i) add(finding, e.layers[i], e.cycles[i], finding.cycles[i]);
    add(finding, "total", total(e.cycles), total(finding.cycles));
  }
  return out;
}

}  // namespace lacuna
