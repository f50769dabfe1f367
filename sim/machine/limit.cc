#include "machine/limit.h"

#include <fmt/format.h>

#include <algorithm>

#include "machine/config_reader.h"

namespace lacuna {

namespace {

Parameter parameter_called(const Machine& machine, std::string_view name) {
  for (Parameter& p : parameters(machine))
    if (p.name == name) return std::move(p);
  throw Bug(fmt::format("machine '{}' has no parameter '{}'", machine.name, name));
}

/// A value on its way to another, rung by rung.
class Climb {
 public:
  Climb(const Machine& machine, std::string_view assignment)
      : parameter_(parameter_called(machine, assignment.substr(0, assignment.find('=')))),
        goal_(assignment.substr(assignment.find('=') + 1)) {}

  [[nodiscard]] bool there() const { return parameter_.value == goal_; }
  void step() { parameter_.value = parameter_.type == Parameter::Type::Integer ? next() : goal_; }
  [[nodiscard]] std::string assignment() const { return fmt::format("{}={}", parameter_.name, parameter_.value); }

 private:
  [[nodiscard]] std::string next() const {
    const std::uint64_t now = std::stoull(parameter_.value), goal = std::stoull(goal_);
    const std::uint64_t value = now < goal ? std::min(goal, std::max<std::uint64_t>(1, 2 * now))
                                           : std::max(goal, now / 2 / parameter_.step * parameter_.step);
    return fmt::format("{}", value);
  }

  Parameter parameter_;
  std::string goal_;
};

}  // namespace

std::string at_lowest(const Machine& machine, std::string_view parameter) {
  return fmt::format("{}={}", parameter, parameter_called(machine, parameter).lowest);
}
std::string at_highest(const Machine& machine, std::string_view parameter) {
  return fmt::format("{}={}", parameter, parameter_called(machine, parameter).highest);
}

Machine changed(const Machine& machine, std::span<const std::string> assignments) {
  return read_machine(yaml::load_text(to_yaml(machine), "machine"), assignments);
}

std::vector<std::vector<std::string>> ladder(const Machine& machine, std::span<const std::string> lifted) {
  std::vector<Climb> climbs;
  for (const auto& assignment : lifted) climbs.emplace_back(machine, assignment);
  std::erase_if(climbs, [](const Climb& climb) { return climb.there(); });
  std::vector<std::vector<std::string>> rungs;
  while (!std::ranges::all_of(climbs, &Climb::there)) {
    auto& rung = rungs.emplace_back();
    for (Climb& climb : climbs) {
      climb.step();
      rung.push_back(climb.assignment());
    }
  }
  return rungs;
}

}  // namespace lacuna
