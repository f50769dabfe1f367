#include "onnx/tensor_proto.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "onnx/model.h"
#include "tensor/half.h"
#include "tensor/npy.h"

namespace lacuna::onnx {

namespace {

namespace fs = std::filesystem;
using Proto = ::onnx::TensorProto;

/// How the elements of a type lie in raw bytes, and what they become.
struct Element {
  std::size_t size;
  DType type;
};

std::optional<Element> element_of(int type) {
  switch (type) {
    case Proto::FLOAT:
      return Element{4, DType::Float32};
    case Proto::DOUBLE:
      return Element{8, DType::Float32};
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
      return Element{2, DType::Float32};
    case Proto::INT8:
      return Element{1, DType::Int8};
    case Proto::UINT8:
    case Proto::BOOL:
      return Element{1, DType::UInt8};
    case Proto::INT16:
      return Element{2, DType::Int16};
    case Proto::UINT16:
      return Element{2, DType::UInt16};
    case Proto::INT32:
      return Element{4, DType::Int32};
    case Proto::INT64:
      return Element{8, DType::Int64};
    case Proto::UINT32:
      return Element{4, DType::Int64};
    case Proto::UINT64:
      return Element{8, DType::Int64};
    default:
      return std::nullopt;
  }
}

/// The same, or UserError.
Element known_element(int type, const Place& place) {
  if (const auto element = element_of(type)) return *element;
  const std::string word = Proto::DataType_IsValid(type) ? Proto::DataType_Name(static_cast<Proto::DataType>(type))
                                                         : fmt::format("number {}", type);
  fail(place,
       "element type {} cannot be read; legal: FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL and integers of 8 to 64 bits",
       word);
}

Shape shape_of(const Proto& proto, const Place& place) {
  Shape shape;
  std::uint64_t count = 1;
  bool zero = false;
  for (const std::int64_t extent : proto.dims()) {
    if (extent < 0) fail(place, "the tensor has an extent of {}; need 0 or more", extent);
    shape.push_back(static_cast<std::size_t>(extent));
    zero = zero || extent == 0;
  }
  for (const std::size_t extent : shape)
    if (!zero && (__builtin_mul_overflow(count, extent, &count) || count > kMaxElements))
      fail(place, "the tensor has more than 2^31 elements");
  return shape;
}

/// The value of `key` in external data, or `fallback`.
std::string entry(const Proto& proto, const std::string& key, std::string fallback) {
  for (const auto& pair : proto.external_data())
    if (pair.key() == key) return pair.value();
  return fallback;
}

std::uint64_t whole(const std::string& text, const Place& place) {
  const bool digits = !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) fail(place, "external data: '{}' is no whole number", shown(text));
  return std::stoull(text);
}

/// `bytes` bytes of another file. It lies in the model's folder: no link or ".." leads out of it.
std::string external_bytes(const Proto& proto, std::uint64_t bytes, const fs::path& folder, const Place& place) {
  const std::string location = entry(proto, "location", "");
  std::error_code error;
  const fs::path home = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  const fs::path file = error ? fs::path() : fs::canonical(home / location, error);
  if (error) fail(place, "external data '{}' cannot be read: {}", shown(location), error.message());
  const auto [end, ignored] = std::mismatch(home.begin(), home.end(), file.begin(), file.end());
  if (end != home.end() || fs::path(location).is_absolute())
    fail(place, "external data '{}' lies outside the model's folder", shown(location));
  if (!fs::is_regular_file(file, error)) fail(place, "external data '{}' is no file", shown(location));
  const std::uint64_t offset = whole(entry(proto, "offset", "0"), place);
  const std::uint64_t length = whole(entry(proto, "length", std::to_string(bytes)), place);
  const std::uint64_t there = fs::file_size(file, error);
  if (error || length != bytes || offset > there || there - offset < bytes)
    fail(place, "external data '{}' has {} bytes from {} on, of which {} are named; the tensor takes {}",
         shown(location), offset > there ? 0 : there - offset, offset, length, bytes);
  std::ifstream stream(file, std::ios::binary);
  std::string data(bytes, '\0');
  stream.seekg(static_cast<std::streamoff>(offset));
  if (!stream.read(data.data(), static_cast<std::streamsize>(bytes)))
    fail(place, "external data '{}' cannot be read: {}", shown(location), "it has become shorter");
  return data;
}

template <typename From>
From element_at(const std::string& raw, std::size_t i) {
  From value;
  std::memcpy(&value, raw.data() + i * sizeof(From), sizeof(From));
  return value;
}

std::int64_t narrowed(std::uint64_t value, const Place& place) {
  if (value > INT64_MAX) fail(place, "an element is {}; unsigned ones are kept up to 2^63 - 1", value);
  return static_cast<std::int64_t>(value);
}

/// Doubles beyond the range of floats become infinite, without what C++ leaves undefined.
float to_float(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  if (std::abs(value) > kMost)
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value > 0 ? 1 : -1));
  return static_cast<float>(value);
}

float from_bfloat(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/// From bytes, little-endian.
Tensor from_raw(const Proto& proto, const std::string& raw, Tensor tensor, const Place& place) {
  const auto floats = [&](auto&& value) {
    const auto to = tensor.as<float>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = value(i);
  };
  const auto wide = [&](auto&& value) {
    const auto to = tensor.as<std::int64_t>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = value(i);
  };
  switch (proto.data_type()) {
    case Proto::DOUBLE:
      floats([&](std::size_t i) { return to_float(element_at<double>(raw, i)); });
      break;
    case Proto::FLOAT16:
      floats([&](std::size_t i) { return from_half(element_at<std::uint16_t>(raw, i)); });
      break;
    case Proto::BFLOAT16:
      floats([&](std::size_t i) { return from_bfloat(element_at<std::uint16_t>(raw, i)); });
      break;
    case Proto::UINT32:
      wide([&](std::size_t i) { return std::int64_t{element_at<std::uint32_t>(raw, i)}; });
      break;
    case Proto::UINT64:
      wide([&](std::size_t i) { return narrowed(element_at<std::uint64_t>(raw, i), place); });
      break;
    default:
      std::ranges::copy(std::as_bytes(std::span(raw)), tensor.bytes().begin());
  }
  return tensor;
}

/// From a list of the message, which has all its elements; int32_data holds every type of at most 32 bits.
Tensor from_list(const Proto& proto, Tensor tensor, const Place& place) {
  const std::size_t count = tensor.size();
  const auto check = [&](int there) {
    if (static_cast<std::size_t>(there) != count)
      fail(place, "the tensor of shape {} has {} elements", text_of(tensor.shape()), there);
  };
  const auto floats = [&](const auto& list, auto&& value) {
    check(list.size());
    const auto to = tensor.as<float>();
    for (std::size_t i = 0; i < count; ++i) to[i] = value(list[static_cast<int>(i)]);
  };
  const auto integers = [&](const auto& list, auto&& value) {
    check(list.size());
    for (std::size_t i = 0; i < count; ++i) tensor.set(i, value(list[static_cast<int>(i)]));
  };
  const auto same = [](auto value) { return value; };
  switch (proto.data_type()) {
    case Proto::FLOAT:
      floats(proto.float_data(), same);
      break;
    case Proto::DOUBLE:
      floats(proto.double_data(), to_float);
      break;
    case Proto::FLOAT16:
      floats(proto.int32_data(), [](std::int32_t bits) { return from_half(static_cast<std::uint16_t>(bits)); });
      break;
    case Proto::BFLOAT16:
      floats(proto.int32_data(), [](std::int32_t bits) { return from_bfloat(static_cast<std::uint16_t>(bits)); });
      break;
    case Proto::INT64:
      integers(proto.int64_data(), same);
      break;
    case Proto::UINT32:
    case Proto::UINT64:
      integers(proto.uint64_data(), [&](std::uint64_t value) { return narrowed(value, place); });
      break;
    default:
      integers(proto.int32_data(), same);
  }
  return tensor;
}

}  // namespace

std::optional<DType> type_of(int type) {
  const auto element = element_of(type);
  return element ? std::optional(element->type) : std::nullopt;
}

Tensor tensor_of(const Proto& proto, const fs::path& folder, const Place& place) {
  const Element element = known_element(proto.data_type(), place);
  Shape shape = shape_of(proto, place);
  if (proto.has_segment()) fail(place, "the tensor is stored in segments, which are not supported");
  const std::size_t bytes = element_count(shape) * element.size;
  const bool external = proto.data_location() == Proto::EXTERNAL;
  if (!external && proto.has_raw_data() && proto.raw_data().size() != bytes)
    fail(place, "the tensor of shape {} has {} bytes; need {}", text_of(shape), proto.raw_data().size(), bytes);
  // What a short list could not fill is not made room for.
  if (!external && !proto.has_raw_data() && element_count(shape) > proto.ByteSizeLong())
    fail(place, "the tensor of shape {} is cut short", text_of(shape));
  if (external) return from_raw(proto, external_bytes(proto, bytes, folder, place), Tensor(element.type, shape), place);
  Tensor tensor(element.type, std::move(shape));
  return proto.has_raw_data() ? from_raw(proto, proto.raw_data(), std::move(tensor), place)
                              : from_list(proto, std::move(tensor), place);
}

}  // namespace lacuna::onnx
