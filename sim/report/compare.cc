// What is compared, and the gate.
#include "report/compare.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/error.h"

namespace lacuna {

namespace {

using Group = const ResultGroup&;
/// Appends the rows of one layer, or of the total, to a section.
using AddRows = std::function<void(std::vector<ChangeRow>& rows, Group base, Group now)>;

template <typename Enum>
AddRows rows_of(Counters<Enum> ResultGroup::*counters) {
  return [counters](std::vector<ChangeRow>& rows, Group base, Group now) {
    for (std::size_t i = 0; i < enum_count<Enum>(); ++i)
      rows.push_back(
          {base.name, std::string(EnumNames<Enum>::names[i]), (base.*counters).value[i], (now.*counters).value[i]});
  };
}

void cycles(std::vector<ChangeRow>& rows, Group base, Group now) {
  rows.push_back({base.name, "", base.cycles, now.cycles});
}

void energy_total(std::vector<ChangeRow>& rows, Group base, Group now) {
  rows.push_back({base.name, "", base.energy.total, now.energy.total});
}

/// A row for each name of the base, then for those that only the new result has; machines of two families do not count
/// the same things, and what one does not count is zero.
template <typename T>
void named_rows(std::vector<ChangeRow>& rows, const std::string& layer,
                const std::vector<std::pair<std::string_view, T>>& base,
                const std::vector<std::pair<std::string_view, T>>& now) {
  const auto in = [](const auto& list, std::string_view name) {
    const auto at = std::ranges::find(list, name, &std::pair<std::string_view, T>::first);
    return at == list.end() ? std::optional<T>() : at->second;
  };
  for (const auto& [name, value] : base) rows.push_back({layer, std::string(name), value, in(now, name).value_or(T{})});
  for (const auto& [name, value] : now)
    if (!in(base, name)) rows.push_back({layer, std::string(name), T{}, value});
}

void energy_components(std::vector<ChangeRow>& rows, Group base, Group now) {
  named_rows(rows, base.name, base.energy.components(), now.energy.components());
}

void traffic(std::vector<ChangeRow>& rows, Group base, Group now) {
  const auto of = [](Group group) {
    std::vector<std::pair<std::string_view, std::uint64_t>> bytes;
    for (const auto& [action, count] : group.actions.entries())
      if (action->moves_bytes) bytes.emplace_back(action->name, count);
    return bytes;
  };
  named_rows(rows, base.name, of(base), of(now));
}

void compare_settings(ResultComparison& c) {
  const auto add = [&](std::string name, std::string_view base, std::string_view now) {
    if (base != now) c.settings.push_back({std::move(name), std::string(base), std::string(now)});
  };
  for (const auto& [name, value] : c.base->config) add(name, value, c.now->parameter(name));
  for (const auto& [name, value] : c.now->config)
    if (c.base->parameter(name).empty()) add(name, "", value);
  if (c.base->energy_hash != c.now->energy_hash) {
    const auto text = [](const Result& r) {
      return fmt::format("{} ({})", r.energy_table, r.energy_hash.substr(0, 8));
    };
    add("energy table", text(*c.base), text(*c.now));
  }
  if (c.base->workload_hash != c.now->workload_hash) {
    const auto text = [](const Result& r) { return fmt::format("{} ({})", r.workload, r.workload_hash.substr(0, 8)); };
    add("workload", text(*c.base), text(*c.now));
  }
  add("engine", c.base->engine, c.now->engine);
  add("lacuna", c.base->version, c.now->version);
}

/// "a, b, c", or the first few and how many more.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  if (names.size() <= kMost) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + kMost, ", "), names.size() - kMost);
}

/// Names of the layers of `one` that `other` has not.
std::vector<std::string> missing_in(const Result& one, const Result& other) {
  std::vector<std::string> names;
  for (const auto& layer : one.layers)
    if (!other.layer(layer.name)) names.push_back(layer.name);
  return names;
}

void warn(ResultComparison& c) {
  const auto only = [&](const Result& one, const Result& other) {
    const auto names = missing_in(one, other);
    if (!names.empty())
      c.warnings.push_back(
          fmt::format("only in {}: {}; the total is that of the {}s both have", one.file, listed(names), one.part));
  };
  only(*c.base, *c.now);
  only(*c.now, *c.base);
  for (const Result* one : {c.base, c.now})
    if (!one->total.verified)
      c.warnings.push_back(fmt::format("{}: not every output was compared with the reference", one->file));
  for (const Result* one : {c.base, c.now})
    if (const auto& cycles = one->total.sampled_cycles)
      c.warnings.push_back(
          fmt::format("{}: estimated from a sample of tiles, {:.0f} to {:.0f} cycles in all with 95 % "
                      "confidence; a smaller difference says nothing",
                      one->file, cycles->first, cycles->second));
  if (c.base->workload_hash != c.now->workload_hash)
    c.warnings.push_back(fmt::format("the workloads differ: {}s of the same name are compared", c.base->part));
  if (c.base->energy_unit != c.now->energy_unit)
    c.warnings.push_back(fmt::format("energies are not compared: {} and {} are different units",
                                     name_of(c.base->energy_unit), name_of(c.now->energy_unit)));
  else if (c.base->energy_hash != c.now->energy_hash)
    c.warnings.push_back("the energy tables differ: energies changed with the prices, too");
}

}  // namespace

double to_double(const Quantity& quantity) {
  return std::visit([](auto value) { return static_cast<double>(value); }, quantity);
}

const ChangeSection* ResultComparison::section(std::string_view key) const {
  for (const auto& one : sections)
    if (one.key == key) return &one;
  return nullptr;
}

ResultComparison compare_results(const Result& base, const Result& now, bool other_workload) {
  if (base.workload_hash != now.workload_hash && !other_workload)
    fail(Place{now.file}, "ran workload '{}' ({}), {} ran '{}' ({}); --other-workload compares them all the same",
         now.workload, now.workload_hash.substr(0, 8), base.file, base.workload, base.workload_hash.substr(0, 8));
  ResultComparison c;
  c.base = &base;
  c.now = &now;
  c.unit = base.energy_unit;
  compare_settings(c);
  warn(c);

  std::vector<std::pair<const ResultGroup*, const ResultGroup*>> layers;
  ResultGroup base_total, now_total;
  base_total.name = now_total.name = "total";
  for (const auto& layer : base.layers) {
    const ResultGroup* other = now.layer(layer.name);
    if (!other) continue;
    layers.emplace_back(&layer, other);
    base_total += layer;
    now_total += *other;
  }
  if (layers.empty()) fail(Place{now.file}, "has no {} in common with {}", base.part, base.file);
  layers.emplace_back(&base_total, &now_total);

  const auto add = [&](std::string key, std::string title, std::string column, const AddRows& rows) {
    ChangeSection section{std::move(key), std::move(title), std::move(column), {}};
    for (const auto& [before, after] : layers) rows(section.rows, *before, *after);
    c.sections.push_back(std::move(section));
  };
  const bool same_unit = base.energy_unit == now.energy_unit;
  add("cycles", "Cycles", "", cycles);
  if (same_unit) add("energy", fmt::format("Energy, {}", name_of(c.unit)), "", energy_total);
  add("pe_cycles", "PE-cycles", "class", rows_of(&ResultGroup::pe_cycles));
  add("pairs", "Pairs", "class", rows_of(&ResultGroup::pairs));
  add("traffic_bytes", "Traffic, bytes", "of", traffic);
  if (same_unit)
    add("energy_by_component", fmt::format("Energy by component, {}", name_of(c.unit)), "component", energy_components);
  return c;
}

GateVerdict judge(const ResultComparison& c, const Gate& gate) {
  for (const auto& [one, other] : {std::pair(c.base, c.now), {c.now, c.base}}) {
    const auto names = missing_in(*one, *other);
    if (!names.empty())
      fail(Place{other->file}, "has no {} '{}', which {} has; a gate compares the same {}s", one->part, names.front(),
           one->file, one->part);
  }
  GateVerdict verdict;
  for (const GateFigure figure : gate.figures) {
    const std::string_view word = name_of(figure);
    const ChangeSection* section = c.section(word);
    if (!section)
      fail(Place{c.now->file}, "its energy is in {}, that of {} in {}; a gate cannot compare them",
           name_of(c.now->energy_unit), c.base->file, name_of(c.base->energy_unit));
    for (const auto& row : section->rows) {
      const bool is_total = &row == &section->rows.back();
      if (!is_total && !gate.each_layer) continue;
      const double base = to_double(row.base), now = to_double(row.now);
      const bool fails = now > base && now - base > base * gate.percent / 100;
      if (fails) verdict.passes = false;
      if (!fails && !is_total) continue;
      const std::string change =
          base == 0 && now != 0 ? "from zero" : fmt::format("{:+.3f} %", base == 0 ? 0 : 100 * (now - base) / base);
      verdict.lines.push_back(fmt::format("{}: {} of {} {}, at most {:+} % allowed", fails ? "FAILED" : "passed", word,
                                          is_total ? fmt::format("all {}s", c.base->part) : row.layer, change,
                                          gate.percent));
    }
  }
  return verdict;
}

}  // namespace lacuna
