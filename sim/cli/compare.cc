#include "cli/compare.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "cli/compare_rtl.h"
#include "cli/stored_points.h"
#include "report/compare.h"

namespace lacuna {

namespace {

/// "1%" -> 1. UserError for anything else: a bare number could mean a fraction or a percentage.
double percentage(const std::string& text) {
  const Place place{fmt::format("--fail-above {}", text)};
  double value = 0;
  const char* end = text.data() + text.size() - 1;
  if (!text.ends_with('%') || text.size() < 2) fail(place, "need a percentage, for example 1%");
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value) || value < 0)
    fail(place, "need a percentage, for example 1%");
  return value;
}

std::optional<Gate> gate_of(const CompareOptions& options) {
  if (options.fail_above.empty()) {
    if (!options.fail_on.empty()) fail(Place{"--fail-on"}, "there is no gate; --fail-above 1% makes one");
    if (options.each_layer) fail(Place{"--each-layer"}, "there is no gate; --fail-above 1% makes one");
    return std::nullopt;
  }
  Gate gate;
  gate.percent = percentage(options.fail_above);
  gate.each_layer = options.each_layer;
  for (const auto& word : options.fail_on)
    gate.figures.push_back(parse_enum<GateFigure>(word, Place{"--fail-on"}, "figure"));
  if (gate.figures.empty()) gate.figures = {GateFigure::Cycles, GateFigure::Energy};
  return gate;
}

std::string formatted(const ResultComparison& comparison, const GateVerdict* verdict, CompareFormat format) {
  switch (format) {
    case CompareFormat::Table:
      return compare_table(comparison, verdict);
    case CompareFormat::Json:
      return compare_json(comparison, verdict);
    case CompareFormat::Markdown:
      return compare_markdown(comparison, verdict);
  }
  throw Bug("unknown CompareFormat");
}

/// Two results, or two stores.
std::pair<Result, Result> read_both(const CompareOptions& options) {
  const bool base_is_store = is_store(options.base), now_is_store = is_store(options.now);
  if (base_is_store != now_is_store)
    fail(Place{options.now}, "is {}, {} is {}; two of a kind are compared", now_is_store ? "a store" : "no store",
         options.base, base_is_store ? "a store" : "no store");
  if (base_is_store) return comparable_stores(options.base, options.now);
  return {read_result(options.base), read_result(options.now)};
}

}  // namespace

CompareResult compare(const CompareOptions& options) {
  if (!options.rtl.empty()) return compare_rtl(options);
  if (!options.layers.empty() || !options.assignments.empty() || options.no_area)
    fail(Place{"lacuna compare"}, "--layers, --set and --no-area go with --rtl");
  const auto format = parse_enum<CompareFormat>(options.format, Place{"--format"}, "format");
  const std::optional<Gate> gate = gate_of(options);
  const auto [base, now] = read_both(options);
  const ResultComparison comparison = compare_results(base, now, options.other_workload);
  std::optional<GateVerdict> verdict;
  if (gate) verdict = judge(comparison, *gate);
  return {formatted(comparison, verdict ? &*verdict : nullptr, format), !verdict || verdict->passes};
}

}  // namespace lacuna
