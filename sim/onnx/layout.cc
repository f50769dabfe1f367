#include "onnx/layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "onnx/broadcast.h"

namespace lacuna::onnx {

namespace {

/// Element `to` of `y` becomes element `from` of `x`, of the same type.
void copy(const Tensor& x, std::size_t from, Tensor& y, std::size_t to) {
  const std::size_t size = size_of(x.type());
  std::memcpy(y.bytes().data() + to * size, x.bytes().data() + from * size, size);
}

/// The elements of `x` in the same order under another shape.
Tensor renamed(const Call& call, const Tensor& x, Shape shape) {
  std::uint64_t count = 1;
  for (const std::size_t extent : shape)
    if (__builtin_mul_overflow(count, extent, &count)) count = UINT64_MAX;
  if (count != x.size())
    fail(call.place(), "a tensor of shape {} cannot have shape {}", text_of(x.shape()), text_of(shape));
  return x.reshaped(std::move(shape));
}

/// A list that is input `i`, or before some version attribute `name`; nothing if there is neither.
std::optional<std::vector<std::int64_t>> list(const Call& call, std::size_t i, const std::string& name) {
  if (call.has(i)) return call.integers(i);
  if (call.has(name)) return call.integers(name, {});
  return std::nullopt;
}

/// Positions of `axes` among `rank` dimensions, each once.
std::set<std::size_t> distinct(const Call& call, const std::vector<std::int64_t>& axes, std::size_t rank) {
  std::set<std::size_t> result;
  for (const std::int64_t axis : axes)
    if (!result.insert(call.axis(axis, rank)).second) fail(call.place(), "axis {} is given twice", axis);
  return result;
}

Shape extents(const Call& call, const std::vector<std::int64_t>& values) {
  Shape result;
  for (const std::int64_t value : values) {
    if (value < 0) fail(call.place(), "an extent is {}; need 0 or more", value);
    result.push_back(static_cast<std::size_t>(value));
  }
  return result;
}

/// Of each dimension: where its elements come from, -1 for `filling`.
using Sources = std::vector<std::vector<std::int64_t>>;

/// y[i, j, ...] = x[sources[0][i], sources[1][j], ...].
Tensor picked(const Call& call, const Tensor& x, const Sources& sources, const Tensor* filling) {
  Shape shape;
  for (const auto& dimension : sources) shape.push_back(dimension.size());
  Tensor y = call.make(x.type(), shape);
  const auto strides = strides_of(x.shape()), own = strides_of(shape);
  for (std::size_t i = 0; i < y.size(); ++i) {
    std::size_t from = 0;
    bool filled = false;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const std::int64_t at = sources[d][i / own[d] % shape[d]];
      filled = filled || at < 0;
      from += static_cast<std::size_t>(std::max<std::int64_t>(at, 0)) * strides[d];
    }
    if (!filled)
      copy(x, from, y, i);
    else if (filling != nullptr)
      copy(*filling, 0, y, i);
  }
  return y;
}

/// All elements of each dimension.
Sources everything(const Shape& shape) {
  Sources sources;
  for (const std::size_t extent : shape) {
    sources.emplace_back(extent);
    std::iota(sources.back().begin(), sources.back().end(), 0);
  }
  return sources;
}

}  // namespace

Tensor identity(const Call& call) {
  const auto training = call.has(2) ? call.integers(2) : std::vector<std::int64_t>();
  if (std::ranges::any_of(training, [](std::int64_t value) { return value != 0; }))
    fail(call.place(), "drops values, as in training; export the model for inference");
  return call.input(0);
}

Tensor constant(const Call& call) {
  const auto& attributes = call.node().attributes;
  if (attributes.size() != 1) fail(call.place(), "the constant has {} values; need one", attributes.size());
  const Attribute& value = attributes.begin()->second;
  if (const auto* tensor = std::get_if<TensorPtr>(&value)) return **tensor;
  const auto filled = [](auto values, Shape shape) {
    using T = typename decltype(values)::value_type;
    Tensor y(dtype_of<T>(), std::move(shape));
    std::ranges::copy(values, y.as<T>().begin());
    return y;
  };
  if (const auto* real = std::get_if<float>(&value)) return filled(std::vector<float>{*real}, {});
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return filled(std::vector<std::int64_t>{*whole}, {});
  if (const auto* reals = std::get_if<std::vector<float>>(&value)) return filled(*reals, {reals->size()});
  if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&value)) return filled(*wholes, {wholes->size()});
  fail(call.place(), "the constant is text; legal: numbers");
}

Tensor constant_of_shape(const Call& call) {
  const auto& attributes = call.node().attributes;
  const auto value = attributes.find("value");
  TensorPtr tensor = std::make_shared<const Tensor>(DType::Float32, Shape{1});
  if (value != attributes.end()) {
    const auto* given = std::get_if<TensorPtr>(&value->second);
    if (given == nullptr || (*given)->size() != 1) fail(call.place(), "attribute value is no tensor of one element");
    tensor = *given;
  }
  Tensor y = call.make(tensor->type(), extents(call, call.integers(0)));
  for (std::size_t i = 0; i < y.size(); ++i) copy(*tensor, 0, y, i);
  return y;
}

Tensor shape(const Call& call) {
  const Shape& whole = call.input(0).shape();
  const auto rank = static_cast<std::int64_t>(whole.size());
  const auto bound = [&](const std::string& name, std::int64_t fallback) {
    const std::int64_t at = call.integer(name, fallback);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t from = bound("start", 0), to = std::max(from, bound("end", rank));
  Tensor y(DType::Int64, {static_cast<std::size_t>(to - from)});
  for (std::int64_t d = from; d < to; ++d)
    y.set(static_cast<std::size_t>(d - from), static_cast<std::int64_t>(whole[static_cast<std::size_t>(d)]));
  return y;
}

Tensor flatten(const Call& call) {
  const Tensor& x = call.input(0);
  const auto rank = static_cast<std::int64_t>(x.shape().size());
  const std::int64_t axis = call.integer("axis", 1);
  if (axis < -rank || axis > rank) fail(call.place(), "axis is {}; the tensor has {} dimensions", axis, rank);
  Shape shape = {1, 1};
  for (std::int64_t d = 0; d < rank; ++d)
    shape[d < (axis < 0 ? axis + rank : axis) ? 0 : 1] *= x.shape()[static_cast<std::size_t>(d)];
  return renamed(call, x, shape);
}

Tensor reshape(const Call& call) {
  const Tensor& x = call.input(0);
  const auto wanted = call.integers(1);
  const bool zero_is_zero = call.integer("allowzero", 0) != 0;
  Shape shape;
  std::optional<std::size_t> open;
  std::uint64_t known = 1;
  for (const std::int64_t extent : wanted) {
    const std::size_t d = shape.size();
    if (extent < -1 || (extent == -1 && open))
      fail(call.place(), "the new shape [{}] has no meaning", fmt::join(wanted, ", "));
    if (extent == -1) open = d;
    if (extent == 0 && !zero_is_zero && d >= x.shape().size())
      fail(call.place(), "the new shape [{}] keeps a dimension that is not there", fmt::join(wanted, ", "));
    shape.push_back(extent == -1 ? 1 : extent == 0 && !zero_is_zero ? x.shape()[d] : static_cast<std::size_t>(extent));
    if (__builtin_mul_overflow(known, shape.back(), &known)) known = UINT64_MAX;
  }
  if (open && known != 0) shape[*open] = x.size() / known;
  return renamed(call, x, std::move(shape));
}

Tensor squeeze(const Call& call) {
  const Tensor& x = call.input(0);
  const auto axes = list(call, 1, "axes");
  const auto dropped = distinct(call, axes.value_or(std::vector<std::int64_t>{}), x.shape().size());
  Shape shape;
  for (std::size_t d = 0; d < x.shape().size(); ++d)
    if (axes ? !dropped.contains(d) : x.shape()[d] != 1) shape.push_back(x.shape()[d]);
  return renamed(call, x, std::move(shape));
}

Tensor unsqueeze(const Call& call) {
  const Tensor& x = call.input(0);
  const auto axes = list(call, 1, "axes").value_or(std::vector<std::int64_t>{});
  const std::size_t rank = x.shape().size() + axes.size();
  const auto added = distinct(call, axes, rank);
  Shape shape;
  auto next = x.shape().begin();
  for (std::size_t d = 0; d < rank; ++d) shape.push_back(added.contains(d) ? 1 : *next++);
  return renamed(call, x, std::move(shape));
}

Tensor transpose(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t rank = x.shape().size();
  std::vector<std::int64_t> order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  order = call.integers("perm", order);
  if (order.size() != rank || distinct(call, order, rank).size() != rank)
    fail(call.place(), "attribute perm [{}] is no order of {} dimensions", fmt::join(order, ", "), rank);
  const auto strides = strides_of(x.shape());
  Shape shape;
  std::vector<std::size_t> steps;
  for (const std::int64_t axis : order) {
    shape.push_back(x.shape()[call.axis(axis, rank)]);
    steps.push_back(strides[call.axis(axis, rank)]);
  }
  Tensor y = call.make(x.type(), shape);
  for_each_element(shape, {steps}, [&](std::size_t to, const auto& from) { copy(x, from[0], y, to); });
  return y;
}

Tensor concat(const Call& call) {
  const Tensor& first = call.input(0);
  const std::size_t axis = call.axis(call.integer("axis", 1), first.shape().size());
  Shape shape = first.shape();
  shape[axis] = 0;
  for (std::size_t i = 0; i < call.count(); ++i) {
    Shape its = call.input(i).shape();
    const std::size_t extent = its.size() == shape.size() ? its[axis] : 0;
    if (its.size() == shape.size()) its[axis] = shape[axis];
    if (its != shape || call.input(i).type() != first.type())
      fail(call.place(), "input {} has {} of shape {}, the first {} of shape {}", i + 1, name_of(call.input(i).type()),
           text_of(call.input(i).shape()), name_of(first.type()), text_of(first.shape()));
    shape[axis] += extent;
  }
  Tensor y = call.make(first.type(), shape);
  if (y.empty()) return y;
  const std::size_t size = size_of(y.type());
  std::size_t inner = size, outer = 1;
  for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
  for (std::size_t d = 0; d < axis; ++d) outer *= shape[d];
  std::byte* to = y.bytes().data();
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < call.count(); ++i) {
      const std::size_t bytes = call.input(i).shape()[axis] * inner;
      std::memcpy(to, call.input(i).bytes().data() + o * bytes, bytes);
      to += bytes;
    }
  return y;
}

Tensor take(const Call& call) {
  const Tensor &x = call.input(0), &indices = call.input(1);
  const std::size_t axis = call.axis(call.integer("axis", 0), x.shape().size());
  auto places = call.integers(1);
  const auto extent = static_cast<std::int64_t>(x.shape()[axis]);
  for (std::int64_t& place : places) {
    if (place < -extent || place >= extent) fail(call.place(), "index {} of {} elements", place, extent);
    if (place < 0) place += extent;
  }
  Sources sources = everything(x.shape());
  sources[axis] = places;
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape().begin(), indices.shape().end());
  shape.insert(shape.end(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape().end());
  return picked(call, x, sources, nullptr).reshaped(shape);
}

Tensor slice(const Call& call) {
  const Tensor& x = call.input(0);
  const std::vector<std::int64_t> none;
  const auto starts = list(call, 1, "starts").value_or(none), ends = list(call, 2, "ends").value_or(none);
  std::vector<std::int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  axes = list(call, 3, "axes").value_or(axes), steps = call.has(4) ? call.integers(4) : steps;
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    fail(call.place(), "has {} starts, {} ends, {} axes, {} steps; need as many of each", starts.size(), ends.size(),
         axes.size(), steps.size());
  static_cast<void>(distinct(call, axes, x.shape().size()));
  Sources sources = everything(x.shape());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    auto& source = sources[call.axis(axes[i], x.shape().size())];
    const auto extent = static_cast<std::int64_t>(source.size());
    const std::int64_t step = steps[i];
    if (step == 0) fail(call.place(), "a step is 0; need another whole number");
    const auto bound = [&](std::int64_t at) {
      if (at < 0) at = at < -extent ? -1 : at + extent;
      return step > 0 ? std::clamp<std::int64_t>(at, 0, extent) : std::clamp<std::int64_t>(at, -1, extent - 1);
    };
    source.clear();
    // A negative step may be as far from zero as 64 bits reach, so the last place is looked at first.
    const std::int64_t from = bound(starts[i]), to = bound(ends[i]);
    for (std::int64_t at = from; step > 0 ? at < to : at > to;) {
      source.push_back(at);
      if (step > 0 ? to - at <= step : to - at >= step) break;
      at += step;
    }
  }
  return picked(call, x, sources, nullptr);
}

std::vector<Tensor> split(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t axis = call.axis(call.integer("axis", 0), x.shape().size()), count = call.node().outputs.size();
  const std::size_t extent = x.shape()[axis], even = (extent + count - 1) / count;
  Shape parts(count, even);
  if (const auto given = list(call, 1, "split"))
    parts = extents(call, *given);
  else
    parts.back() = extent - std::min(extent, even * (count - 1));
  std::uint64_t total = 0;
  for (const std::size_t part : parts)
    if (__builtin_add_overflow(total, part, &total)) total = UINT64_MAX;
  if (parts.size() != count || total != extent)
    fail(call.place(), "splits {} elements into parts {} for {} outputs", extent, text_of(parts), count);
  std::vector<Tensor> results;
  std::int64_t from = 0;
  for (const std::size_t part : parts) {
    Sources sources = everything(x.shape());
    sources[axis].resize(part);
    std::iota(sources[axis].begin(), sources[axis].end(), from);
    from += static_cast<std::int64_t>(part);
    results.push_back(picked(call, x, sources, nullptr));
  }
  return results;
}

Tensor expand(const Call& call) {
  const Tensor& x = call.input(0);
  const Shape shape = broadcast(call, x.shape(), extents(call, call.integers(1)));
  Tensor y = call.make(x.type(), shape);
  for_each_element(shape, {strides_in(x.shape(), shape)},
                   [&](std::size_t to, const auto& from) { copy(x, from[0], y, to); });
  return y;
}

Tensor pad(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t rank = x.shape().size();
  const std::string mode = call.word("mode", {"constant", "reflect", "edge"});
  const auto pads = list(call, 1, "pads").value_or(std::vector<std::int64_t>{});
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (call.has(3)) axes = call.integers(3);
  if (pads.size() != 2 * axes.size())
    fail(call.place(), "has {} pads for {} axes; need two for each", pads.size(), axes.size());
  static_cast<void>(distinct(call, axes, rank));
  Tensor value(x.type(), {});
  if (call.has(2)) {
    value = call.input(2);
    if (value.size() != 1 || value.type() != x.type()) fail(call.place(), "pads with a value of another type or shape");
  } else if (call.has("value")) {
    value = Tensor(DType::Float32, {});
    value.as<float>()[0] = call.real("value", 0);
    static_cast<void>(call.floats(0));
  }
  Sources sources = everything(x.shape());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], rank);
    const std::int64_t before = pads[i], after = pads[i + axes.size()];
    const auto extent = static_cast<std::int64_t>(x.shape()[axis]);
    constexpr std::int64_t kMost = 1 << 28;
    if (before < -extent || after < -extent || before > kMost || after > kMost || extent + before + after < 0)
      fail(call.place(), "pads {} elements by {} and {}", extent, before, after);
    if (mode == "reflect" && (before >= extent || after >= extent))
      fail(call.place(), "reflects {} elements at {} and {}; need less than there are", extent, before, after);
    if (mode == "edge" && extent == 0) fail(call.place(), "has no edge to pad with");
    auto& source = sources[axis];
    source.clear();
    for (std::int64_t at = -before; at < extent + after; ++at) {
      const bool inside = at >= 0 && at < extent;
      if (inside || mode == "constant")
        source.push_back(inside ? at : -1);
      else if (mode == "edge")
        source.push_back(at < 0 ? 0 : extent - 1);
      else
        source.push_back(at < 0 ? -at : 2 * (extent - 1) - at);
    }
  }
  return picked(call, x, sources, &value);
}

Tensor cast(const Call& call) {
  const Tensor& x = call.input(0);
  // Numbers of ONNX's element types; those that Tensor does not have become what they are widened to.
  constexpr int kFloat = 1, kUInt8 = 2, kInt8 = 3, kUInt16 = 4, kInt16 = 5, kInt32 = 6, kInt64 = 7, kBool = 9,
                kHalf = 10, kDouble = 11, kUInt32 = 12, kBFloat = 16;
  const std::int64_t to = call.integer("to", 0);
  if (to == kFloat || to == kDouble || to == kHalf || to == kBFloat) {
    if (to != kFloat && to != kDouble) fail(call.place(), "casts to type {}, whose rounding is not supported", to);
    if (x.type() == DType::Float32) return x;
    Tensor y = call.make(DType::Float32, x.shape());
    const auto values = x.to_int64();
    for (std::size_t i = 0; i < values.size(); ++i) y.as<float>()[i] = static_cast<float>(values[i]);
    return y;
  }
  static const std::map<std::int64_t, DType> types = {
      {kUInt8, DType::UInt8}, {kInt8, DType::Int8},   {kUInt16, DType::UInt16}, {kInt16, DType::Int16},
      {kInt32, DType::Int32}, {kInt64, DType::Int64}, {kBool, DType::UInt8},    {kUInt32, DType::Int64}};
  const auto found = types.find(to);
  if (found == types.end()) fail(call.place(), "casts to type {}, which is not supported", to);
  Tensor y = call.make(found->second, x.shape());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double value = x.type() == DType::Float32 ? static_cast<double>(x.as<float>()[i]) : 0;
    if (!(std::abs(value) < 0x1p63)) fail(call.place(), "casts {} to a whole number", value);
    y.set(i, to == kBool ? value != 0 : static_cast<std::int64_t>(value));
  }
  if (x.type() != DType::Float32) {
    const auto values = x.to_int64();
    for (std::size_t i = 0; i < values.size(); ++i) y.set(i, to == kBool ? values[i] != 0 : values[i]);
  }
  return y;
}

}  // namespace lacuna::onnx
