#include "cli/timeline.h"

#include <charconv>

#include "cli/target_file.h"

namespace lacuna {

namespace {

/// "1000-2000" -> [1000, 2000)
CycleWindow window_of(const std::string& text) {
  const Place place{fmt::format("--timeline-cycles {}", text)};
  CycleWindow window;
  const char* const end = text.data() + text.size();
  const auto from = std::from_chars(text.data(), end, window.from);
  if (from.ec != std::errc() || from.ptr == end || *from.ptr != '-')
    fail(place, "need FROM-TO in cycles of each layer, for example 1000-2000");
  const auto to = std::from_chars(from.ptr + 1, end, window.to);
  if (to.ec != std::errc() || to.ptr != end || window.from >= window.to)
    fail(place, "need FROM-TO in cycles of each layer, for example 1000-2000");
  return window;
}

}  // namespace

std::unique_ptr<Timeline> open_timeline(const RunOptions& options, const Report& report) {
  if (!options.timeline) {
    if (!options.timeline_cycles.empty())
      fail(Place{"--timeline-cycles"}, "there is no trace; --timeline FILE writes one");
    return nullptr;
  }
  if (options.timeline->empty()) fail(Place{"--timeline"}, "the name is empty");
  const CycleWindow window = options.timeline_cycles.empty() ? CycleWindow{} : window_of(options.timeline_cycles);
  check_target_file(*options.timeline, kTimelineBegin, "trace of lacuna", options.force);
  return std::make_unique<Timeline>(
      *options.timeline, report.machine, window,
      std::vector<std::pair<std::string, std::string>>{{"program", "lacuna " + report.version},
                                                       {"engine", report.engine},
                                                       {"machine", report.machine.name},
                                                       {"config_hash", report.config_hash},
                                                       {"workload", report.workload},
                                                       {"workload_hash", report.workload_hash}});
}

}  // namespace lacuna
