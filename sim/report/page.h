// lacuna report: results and sweeps as one HTML page that needs no other file and no network.
//
// The page is sim/report/page; the figures go into it as JSON, and its scripts draw them with Chart.js.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/explain_report.h"
#include "report/result.h"

namespace lacuna {

/// Busy cycles of every PE in a layer.
struct PageMap {
  std::string layer;
  std::uint64_t cycles = 0;                      ///< of the layer
  std::vector<std::vector<std::uint64_t>> busy;  ///< [rows][columns]
};

/// One point of a sweep: a configuration and a workload with the sums over all layers.
struct PagePoint {
  std::vector<std::pair<std::string, std::string>> settings;  ///< "array.rows" and "16", ..., "network", "engine"
  std::uint64_t cycles = 0;
  double seconds = 0;
  double energy = 0;          ///< in the sweep's unit
  std::optional<double> um2;  ///< area, if the sweep has an area table
  Counters<PeClass> pe_cycles;
  std::vector<PageMap> maps;  ///< of each layer; none for a point whose PEs the page does not show
};

struct PageSweep {
  std::string name, file;
  EnergyUnit unit = EnergyUnit::Pj;
  std::vector<std::string> axes;  ///< settings that were varied; others that differ follow from them. Empty: all
  std::vector<PagePoint> points;  ///< at least one
};

struct PageContent {
  std::string version;  ///< of the program that makes the page
  std::vector<Result> results;
  std::vector<PageSweep> sweeps;
  std::vector<ExplainPage> explanations = {};
};

/// The first bytes of every page.
constexpr std::string_view kPageBegin = "<!DOCTYPE html>\n<!-- Lacuna report -->\n";

/// The whole page. Names and notes may hold anything: they reach the page as JSON text and are shown as text.
std::string to_page(const PageContent& content);

}  // namespace lacuna
