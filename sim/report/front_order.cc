#include "report/front_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

namespace lacuna {

namespace {

/// How many fronts lie before that of each point; both figures are to be small.
std::vector<std::size_t> fronts_before(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<std::size_t> sorted(x.size()), before(x.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] < x[b] : y[a] < y[b]; });
  std::vector<double> least;  // of y, for each front so far; never falling from front to front
  for (const std::size_t i : sorted) {
    const auto front = std::upper_bound(least.begin(), least.end(), y[i]);
    before[i] = static_cast<std::size_t>(front - least.begin());
    if (front == least.end())
      least.push_back(y[i]);
    else
      *front = y[i];
  }
  return before;
}

std::string network_of(const PagePoint& point) {
  for (const auto& [name, value] : point.settings)
    if (name == "network") return value;
  return {};
}

}  // namespace

std::vector<std::size_t> front_order(const PageSweep& sweep) {
  std::map<std::string, std::vector<std::size_t>> networks;
  bool areas = true;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    networks[network_of(sweep.points[i])].push_back(i);
    areas = areas && sweep.points[i].um2.has_value();
  }
  std::vector<std::size_t> rank(sweep.points.size());
  for (const auto& [network, points] : networks) {
    std::vector<std::vector<double>> figures(areas ? 5 : 4);
    for (const std::size_t i : points) {
      const PagePoint& point = sweep.points[i];
      figures[0].push_back(static_cast<double>(point.cycles));
      figures[1].push_back(point.energy);
      figures[2].push_back(point.seconds);
      figures[3].push_back(point.energy * point.seconds);
      if (areas) figures[4].push_back(*point.um2);
    }
    const auto before = fronts_before(figures[0], figures[1]);
    for (std::size_t k = 0; k < points.size(); ++k) rank[points[k]] = before[k];
    for (std::size_t a = 0; a < figures.size(); ++a)
      for (std::size_t b = 0; b < figures.size(); ++b) {
        if (a == b) continue;  // both ways: of equal ones the page shows the first
        const auto of_pair = fronts_before(figures[a], figures[b]);
        for (std::size_t k = 0; k < points.size(); ++k)
          if (of_pair[k] == 0) rank[points[k]] = 0;
      }
  }
  std::vector<std::size_t> order(sweep.points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
  return order;
}

}  // namespace lacuna
