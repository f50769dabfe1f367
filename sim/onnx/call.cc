#include "onnx/call.h"

#include <algorithm>

namespace lacuna::onnx {

const Tensor& Call::input(std::size_t i) const {
  if (!has(i)) fail(place(), "input {} is left out", i + 1);
  return *inputs_[i];
}

const Tensor& Call::floats(std::size_t i) const {
  const Tensor& tensor = input(i);
  if (tensor.type() != DType::Float32)
    fail(place(), "input {} holds {}; legal: float32", i + 1, name_of(tensor.type()));
  return tensor;
}

const Tensor& Call::floats(std::size_t i, std::size_t rank) const {
  const Tensor& tensor = floats(i);
  if (tensor.shape().size() < rank)
    fail(place(), "input {} has shape {}; need {} dimensions or more", i + 1, text_of(tensor.shape()), rank);
  return tensor;
}

std::vector<std::int64_t> Call::integers(std::size_t i) const {
  const Tensor& tensor = input(i);
  if (tensor.type() == DType::Float32) fail(place(), "input {} holds float32; legal: whole numbers", i + 1);
  return tensor.to_int64();
}

float Call::scalar(std::size_t i) const {
  const Tensor& tensor = floats(i);
  if (tensor.size() != 1) fail(place(), "input {} has shape {}; need one element", i + 1, text_of(tensor.shape()));
  return tensor.as<float>()[0];
}

template <typename T>
const T* Call::attribute(const std::string& name, std::string_view type) const {
  const auto found = node_.attributes.find(name);
  if (found == node_.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) fail(place(), "attribute {} is of another type; need {}", shown(name), type);
  return value;
}

std::int64_t Call::integer(const std::string& name, std::int64_t fallback) const {
  const auto* value = attribute<std::int64_t>(name, "a whole number");
  return value == nullptr ? fallback : *value;
}

float Call::real(const std::string& name, float fallback) const {
  const auto* value = attribute<float>(name, "a number");
  return value == nullptr ? fallback : *value;
}

std::vector<std::int64_t> Call::integers(const std::string& name, std::vector<std::int64_t> fallback) const {
  const auto* value = attribute<std::vector<std::int64_t>>(name, "a list of whole numbers");
  return value == nullptr ? std::move(fallback) : *value;
}

std::string Call::word(const std::string& name, std::initializer_list<std::string_view> legal) const {
  const auto* value = attribute<std::string>(name, "a word");
  if (value == nullptr) return std::string(*legal.begin());
  if (std::find(legal.begin(), legal.end(), *value) == legal.end())
    fail(place(), "attribute {} is '{}'; legal: {}", name, shown(*value), join(legal));
  return *value;
}

std::size_t Call::axis(std::int64_t axis, std::size_t rank) const {
  const auto dimensions = static_cast<std::int64_t>(rank);
  if (axis < -dimensions || axis >= dimensions) fail(place(), "axis is {}; the tensor has {} dimensions", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + dimensions : axis);
}

void Call::check_size(const Shape& shape) const {
  std::uint64_t count = 1;
  const bool none = std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end();
  for (const std::size_t extent : shape)
    if (!none && (__builtin_mul_overflow(count, extent, &count) || count > kMaxMade))
      fail(place(), "the result would have shape {}, more than 2^28 elements", text_of(shape));
}

Tensor Call::make(DType type, const Shape& shape) const {
  check_size(shape);
  return Tensor(type, shape);
}

std::vector<std::size_t> strides_of(const Shape& shape) {
  std::vector<std::size_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

}  // namespace lacuna::onnx
