#include "check/shrink.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "machine/family.h"

namespace lacuna {

namespace {

/// A box of a tensor of four dimensions: `count` elements from `first` on in each.
struct Box {
  std::array<std::size_t, 4> first{}, count{};
};

Tensor cut(const Tensor& tensor, const Box& box) {
  const Shape& shape = tensor.shape();
  Tensor result(tensor.type(), {box.count[0], box.count[1], box.count[2], box.count[3]});
  const std::size_t size = size_of(tensor.type());
  const auto from = tensor.bytes();
  auto to = result.bytes().begin();
  for (std::size_t a = 0; a < box.count[0]; ++a)
    for (std::size_t b = 0; b < box.count[1]; ++b)
      for (std::size_t c = 0; c < box.count[2]; ++c) {
        const std::size_t at =
            (((box.first[0] + a) * shape[1] + box.first[1] + b) * shape[2] + box.first[2] + c) * shape[3] +
            box.first[3];
        to = std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at * size), box.count[3] * size, to);
      }
  return result;
}

Box whole(const Tensor& tensor) {
  Box box;
  std::copy_n(tensor.shape().begin(), 4, box.count.begin());
  return box;
}

template <typename T>
std::vector<T> part(const std::vector<T>& all, std::size_t first, std::size_t count) {
  if (all.empty()) return {};
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

/// Elements first .. first + count - 1 of one dimension of the layer.
enum class Dimension { Images, Groups, Filters, Channels, Height, Width, KernelHeight, KernelWidth };
constexpr std::size_t kDimensions = 8;

std::uint32_t extent(const ConvShape& s, Dimension dimension) {
  switch (dimension) {
    case Dimension::Images:
      return s.N;
    case Dimension::Filters:
      return s.groups == 1 ? s.M : 1;
    case Dimension::Channels:
      return s.groups == 1 ? s.C : 1;
    case Dimension::Groups:
      return s.groups;
    case Dimension::Height:
      return s.H;
    case Dimension::Width:
      return s.W;
    case Dimension::KernelHeight:
      return s.R;
    case Dimension::KernelWidth:
      return s.S;
  }
  throw Bug("unknown dimension");
}

/// The layer with that part only, or nothing if the kernel no longer fits the input.
std::optional<Layer> restricted(const Layer& layer, Dimension dimension, std::uint32_t first, std::uint32_t count) {
  Layer result = layer;
  ConvShape& s = result.shape;
  Box weights = whole(layer.weights), input = whole(layer.input);
  const auto take = [&](Box& box, std::size_t d, std::uint32_t from, std::uint32_t n) {
    box.first[d] = from;
    box.count[d] = n;
  };
  const auto take_filters = [&](std::uint32_t from, std::uint32_t n) {
    take(weights, 0, from, n);
    result.bias = part(layer.bias, from, n);
    result.requantise = part(layer.requantise, from, n);
    if (layer.prediction)
      result.prediction =
          Prediction{part(layer.prediction->representatives, from, n), part(layer.prediction->thresholds, from, n)};
    s.M = n;
  };
  switch (dimension) {
    case Dimension::Images:
      take(input, 0, first, count);
      s.N = count;
      break;
    case Dimension::Filters:
      take_filters(first, count);
      break;
    case Dimension::Channels:
      take(weights, 1, first, count);
      take(input, 1, first, count);
      s.C = count;
      break;
    case Dimension::Groups: {
      const std::uint32_t filters = s.M / s.groups, channels = s.C / s.groups;
      take_filters(first * filters, count * filters);
      take(input, 1, first * channels, count * channels);
      s.C = count * channels;
      s.groups = count;
      break;
    }
    case Dimension::Height:
      take(input, 2, first, count);
      s.H = count;
      break;
    case Dimension::Width:
      take(input, 3, first, count);
      s.W = count;
      break;
    case Dimension::KernelHeight:
      take(weights, 2, first, count);
      s.R = count;
      break;
    case Dimension::KernelWidth:
      take(weights, 3, first, count);
      s.S = count;
      break;
  }
  if (s.dilation_h * (s.R - 1) + 1 > s.H + s.pad_top + s.pad_bottom ||
      s.dilation_w * (s.S - 1) + 1 > s.W + s.pad_left + s.pad_right)
    return std::nullopt;
  result.weights = cut(layer.weights, weights);
  result.input = cut(layer.input, input);
  return result;
}

/// The layer with less of `dimension`, the boldest cut first.
std::vector<RandomCase> with_less(const RandomCase& from, Dimension dimension) {
  std::vector<RandomCase> result;
  const std::uint32_t n = extent(from.layer.shape, dimension);
  if (n < 2) return result;
  const std::uint32_t half = n / 2;
  const std::pair<std::uint32_t, std::uint32_t> parts[] = {{0, half}, {half, n - half}, {0, n - 1}, {1, n - 1}};
  for (const auto& [first, count] : parts)
    if (const auto layer = restricted(from.layer, dimension, first, count)) result.push_back({from.machine, *layer});
  return result;
}

/// What shrinking aims at: a case without rescaling, bias, threshold.
std::vector<RandomCase> plainer(const RandomCase& from) {
  std::vector<RandomCase> result;
  const auto changed = [&](auto change) {
    RandomCase c = from;
    if (change(c)) result.push_back(std::move(c));
  };
  changed([](RandomCase& c) { return !c.layer.requantise.empty() && (c.layer.requantise.clear(), true); });
  changed([](RandomCase& c) { return std::exchange(c.layer.prediction, std::nullopt).has_value(); });
  changed([](RandomCase& c) {
    const bool some = std::ranges::any_of(c.layer.bias, [](std::int64_t b) { return b != 0; });
    std::ranges::fill(c.layer.bias, 0);
    return some;
  });
  changed([](RandomCase& c) { return std::exchange(c.machine.post.threshold, 0) != 0; });
  return result;
}

/// Walks the parameters of a machine by number, sections in sections too; texts are none, nor is the datapath, which a
/// machine keeps.
class ByNumber : public FieldVisitor {
 public:
  void integer(const FieldInfo&, std::uint32_t& value, std::uint32_t lowest, std::uint32_t, std::uint32_t step) final {
    number(next_++, value, lowest, step);
  }
  void choice(const FieldInfo& info, std::size_t& value, std::span<const std::string_view>) final {
    if (in_array() && info.name == "datapath") return;
    word(next_++, value);
  }
  void text(const FieldInfo&, std::string&) final {}
  void section(const FieldInfo& info, const std::function<void(FieldVisitor&)>& visit) final {
    const std::string_view outer = std::exchange(section_, info.name);
    visit(*this);
    section_ = outer;
  }

 protected:
  virtual void number(std::size_t index, std::uint32_t& value, std::uint32_t lowest, std::uint32_t step) = 0;
  virtual void word(std::size_t index, std::size_t& value) = 0;
  /// Whether the parameter is of the section that every array has.
  [[nodiscard]] bool in_array() const { return section_ == "array"; }

 private:
  std::size_t next_ = 0;
  std::string_view section_;
};

/// The simpler values of every parameter, the boldest first.
class SimplerValues : public ByNumber {
 public:
  explicit SimplerValues(std::vector<std::size_t> defaults) : defaults_(std::move(defaults)) {}
  std::vector<std::vector<std::size_t>> values;  ///< [parameter]
  std::vector<std::size_t> now;                  ///< [parameter]

 protected:
  void number(std::size_t index, std::uint32_t& value, std::uint32_t lowest, std::uint32_t step) override {
    add(value);
    // An array of the default size is larger than it need be.
    if (!in_array() && !offer_default(index)) return;
    if (value > lowest) offer(lowest);
    if (const std::uint32_t half = lowest + (value - lowest) / 2 / step * step; half < value) offer(half);
  }
  void word(std::size_t index, std::size_t& value) override {
    add(value);
    if (offer_default(index) && value != 0) offer(0);
  }

 private:
  void add(std::size_t value) {
    now.push_back(value);
    values.emplace_back();
  }
  /// False if the parameter has it: then it is simple enough.
  bool offer_default(std::size_t index) {
    if (index >= defaults_.size() || now[index] == defaults_[index]) return false;
    offer(defaults_[index]);
    return true;
  }
  void offer(std::size_t value) {
    if (std::ranges::find(values.back(), value) == values.back().end()) values.back().push_back(value);
  }
  std::vector<std::size_t> defaults_;
};

/// Gives one parameter a value.
class SetValue : public ByNumber {
 public:
  SetValue(std::size_t which, std::size_t value) : which_(which), value_(value) {}

 protected:
  void number(std::size_t index, std::uint32_t& value, std::uint32_t, std::uint32_t) override {
    if (index == which_) value = static_cast<std::uint32_t>(value_);
  }
  void word(std::size_t index, std::size_t& value) override {
    if (index == which_) value = value_;
  }

 private:
  std::size_t which_, value_;
};

SimplerValues simpler_values(const Machine& machine) {
  Machine plain(machine.datapath()), copy = machine;
  SimplerValues defaults({});
  fields(defaults, plain);
  SimplerValues result(std::move(defaults.now));
  fields(result, copy);
  return result;
}

/// The case on machines with a simpler value of one parameter, without those that its layer cannot run on.
std::vector<RandomCase> with_simpler(const RandomCase& from, std::size_t parameter) {
  std::vector<RandomCase> result;
  const SimplerValues simpler = simpler_values(from.machine);
  for (const std::size_t value : simpler.values[parameter]) {
    RandomCase c = from;
    SetValue set(parameter, value);
    fields(set, c.machine);
    try {
      family(c.machine).check_runs(c.machine, c.layer);
    } catch (const UserError&) {
      continue;
    }
    result.push_back(std::move(c));
  }
  return result;
}

}  // namespace

RandomCase shrunk(RandomCase failing, const std::function<bool(const RandomCase&)>& fails, bool machine,
                  unsigned most) {
  using Smaller = std::function<std::vector<RandomCase>(const RandomCase&)>;
  std::vector<Smaller> ways;
  for (std::size_t d = 0; d < kDimensions; ++d)
    ways.push_back([d](const RandomCase& c) { return with_less(c, static_cast<Dimension>(d)); });
  ways.emplace_back(plainer);
  const std::size_t parameters = machine ? simpler_values(failing.machine).values.size() : 0;
  for (std::size_t p = 0; p < parameters; ++p) ways.push_back([p](const RandomCase& c) { return with_simpler(c, p); });

  /// As far as one way goes; false if nothing of it fails any more.
  const auto go = [&](const Smaller& way) {
    for (const RandomCase& candidate : way(failing)) {
      if (most == 0) return false;
      --most;
      if (!fails(candidate)) continue;
      failing = candidate;
      return true;
    }
    return false;
  };
  for (bool progress = true; progress;) {
    progress = false;
    for (const Smaller& way : ways)
      while (go(way)) progress = true;
  }
  return failing;
}

}  // namespace lacuna
