// Mixed-radix numbers, and the two ways of drawing some of them.
#include "sweep/space.h"

#include <algorithm>
#include <set>

#include "base/random.h"
#include "machine/config_reader.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostRun = 10'000'000;  ///< points of one sweep
constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 53;

/// 0..count-1 in random order.
std::vector<std::uint64_t> shuffled(std::uint64_t count, Random& random) {
  std::vector<std::uint64_t> list(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t j = random.below(i + 1);
    list[i] = list[j];
    list[j] = i;
  }
  return list;
}

}  // namespace

DesignSpace::DesignSpace(const SweepFile& file) : file_(file) {
  sizes_.push_back(file.bases.size());
  for (const auto& dimension : file.dimensions) sizes_.push_back(dimension.size());
  for (const std::uint64_t size : sizes_) {
    if (size > kMostNumbers / size_) fail(file.axes_place, "the axes span more than {} configurations", kMostNumbers);
    size_ *= size;
  }
  // Only `energy` is a file. All values of its axis are tried with all bases.
  for (std::uint64_t base = 0; base < file.bases.size(); ++base) {
    std::vector<std::uint64_t> first(sizes_.size());
    first[0] = base;
    std::size_t energy = 0;
    for (std::size_t d = 0; d < file.dimensions.size(); ++d)
      for (const auto& axis : file.dimensions[d].axes)
        if (axis.name == "energy") energy = d + 1;
    for (std::uint64_t choice = 0; choice < (energy == 0 ? 1 : sizes_[energy]); ++choice) {
      if (energy != 0) first[energy] = choice;
      const Machine one = machine(number(first));
      const fs::path table = energy_table(number(first), one);
      std::error_code ignored;
      if (std::ranges::find(energy_tables_, table) == energy_tables_.end()) energy_tables_.push_back(table);
      if (const std::pair use{one.datapath(), table}; std::ranges::find(priced_, use) == priced_.end())
        priced_.push_back(use);
      if (!fs::is_regular_file(table, ignored))
        fail(energy != 0 ? file.place_of("energy") : file.bases[base].place, "energy is '{}'; there is no file '{}'",
             one.energy, table.string());
    }
  }
}

std::uint64_t DesignSpace::number(const std::vector<std::uint64_t>& choices) const {
  LACUNA_CHECK(choices.size() == sizes_.size(), "{} choices for {} dimensions", choices.size(), sizes_.size());
  std::uint64_t number = 0;
  for (std::size_t d = 0; d < sizes_.size(); ++d) {
    LACUNA_CHECK(choices[d] < sizes_[d], "choice {} of {}", choices[d], sizes_[d]);
    number = number * sizes_[d] + choices[d];
  }
  return number;
}

std::vector<std::uint64_t> DesignSpace::choices(std::uint64_t number) const {
  LACUNA_CHECK(number < size_, "configuration {} of {}", number, size_);
  std::vector<std::uint64_t> choices(sizes_.size());
  for (std::size_t d = sizes_.size(); d-- > 0;) {
    choices[d] = number % sizes_[d];
    number /= sizes_[d];
  }
  return choices;
}

Machine DesignSpace::machine(std::uint64_t number) const {
  const auto chosen = choices(number);
  yaml::Node document = file_.bases[chosen[0]].document;
  for (std::size_t d = 1; d < chosen.size(); ++d)
    for (const auto& axis : file_.dimensions[d - 1].axes) put(document, axis.name, axis.place, axis.values[chosen[d]]);
  return read_machine(std::move(document));
}

fs::path DesignSpace::energy_table(std::uint64_t number, const Machine& machine) const {
  return energy_table_of(file_.bases[choices(number)[0]].path, machine);
}

bool DesignSpace::skipped(const Machine& machine) const {
  if (file_.skip_where.empty()) return false;
  const auto list = parameters(machine);
  return std::ranges::any_of(file_.skip_where, [&](const Condition& condition) { return condition.holds(list); });
}

std::vector<std::string> DesignSpace::values(std::uint64_t number) const {
  const auto chosen = choices(number);
  std::vector<std::string> values;
  if (sizes_[0] > 1) values.push_back(file_.bases[chosen[0]].path.stem().string());
  for (std::size_t d = 1; d < chosen.size(); ++d)
    for (const auto& axis : file_.dimensions[d - 1].axes) values.push_back(axis.values[chosen[d]].scalar);
  return values;
}

std::string DesignSpace::describe(std::uint64_t number) const {
  const auto names = axes(), values = this->values(number);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (text.empty() ? "" : " ") + (names[i] == "name" ? values[i] : fmt::format("{}={}", names[i], values[i]));
  return text.empty() ? file_.bases[0].path.stem().string() : text;
}

std::vector<std::string> DesignSpace::axes() const {
  std::vector<std::string> names;
  if (sizes_[0] > 1) names.emplace_back("name");
  for (const auto& dimension : file_.dimensions)
    for (const auto& axis : dimension.axes) names.push_back(axis.name);
  return names;
}

std::vector<std::uint64_t> DesignSpace::chosen() const {
  std::vector<std::uint64_t> numbers;
  if (file_.samples) {
    numbers = file_.samples->kind == Samples::Kind::Random ? random() : latin_hypercube();
  } else {
    if (size_ > kMostRun)
      fail(file_.axes_place, "the axes span {} configurations, more than {}; take 'samples' or 'search'", size_,
           kMostRun);
    for (std::uint64_t number = 0; number < size_; ++number)
      if (!skipped(machine(number))) numbers.push_back(number);
  }
  if (numbers.empty()) fail(Place{file_.path.string()}, "every configuration of the sweep is skipped");
  return numbers;
}

std::vector<std::uint64_t> DesignSpace::random() const {
  Random generator(file_.samples->seed);
  const std::uint64_t count = file_.samples->count;
  std::vector<std::uint64_t> numbers;
  if (size_ <= kMostRun) {  // every number is looked at at most once, so the count is met if the space can meet it
    for (const std::uint64_t number : shuffled(size_, generator)) {
      if (numbers.size() == count) break;
      if (!skipped(machine(number))) numbers.push_back(number);
    }
  } else {
    std::set<std::uint64_t> seen;
    for (std::uint64_t tries = 0; numbers.size() < count && tries < 100 * count; ++tries) {
      const std::uint64_t number = generator.below(size_);
      if (seen.insert(number).second && !skipped(machine(number))) numbers.push_back(number);
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<std::uint64_t> DesignSpace::latin_hypercube() const {
  Random generator(file_.samples->seed);
  const std::uint64_t count = file_.samples->count;
  std::vector<std::vector<std::uint64_t>> strata;
  for (std::size_t d = 0; d < sizes_.size(); ++d) strata.push_back(shuffled(count, generator));
  std::set<std::uint64_t> numbers;
  for (std::uint64_t sample = 0; sample < count; ++sample) {
    std::vector<std::uint64_t> choices(sizes_.size());
    for (std::size_t d = 0; d < sizes_.size(); ++d) {
      // A stratum that lies in two values of a short axis takes either; each value gets its share of the samples.
      const double within = (static_cast<double>(strata[d][sample]) + generator.unit()) / static_cast<double>(count);
      choices[d] = std::min(sizes_[d] - 1, static_cast<std::uint64_t>(within * static_cast<double>(sizes_[d])));
    }
    if (const std::uint64_t one = number(choices); !skipped(machine(one))) numbers.insert(one);
  }
  return {numbers.begin(), numbers.end()};
}

}  // namespace lacuna
