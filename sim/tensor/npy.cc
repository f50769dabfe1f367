// The .npy format: "\x93NUMPY", version, length of the header, a Python dictionary, then the elements.
#include "tensor/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tensor/half.h"

namespace lacuna {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are kept as a little-endian machine has them");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = 1 << 20;
constexpr std::size_t kMaxDimensions = 32;  // as NumPy

/// NumPy's words for the element types, in the order of DType, without the byte order.
constexpr std::array<std::string_view, enum_count<DType>()> kDescr = {"i1", "u1", "i2", "u2", "i4", "i8", "f4", "f8"};

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the dictionary {'descr': '<i1', 'fortran_order': False, 'shape': (3, 4), }: these three keys in any order.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const Place& place) : text_(text), place_(place) {}

  Header parse() {
    std::optional<std::string> descr;
    std::optional<bool> fortran_order;
    std::optional<Shape> shape;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr" && !descr)
        descr = descr_value();
      else if (key == "fortran_order" && !fortran_order)
        fortran_order = boolean();
      else if (key == "shape" && !shape)
        shape = tuple();
      else
        malformed();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size() || !descr || !fortran_order || !shape) malformed();
    return {*descr, *fortran_order, *shape};
  }

 private:
  [[noreturn]] void malformed() const { fail(place_, "malformed .npy header: {}", quoted()); }

  /// The header as one printable line of bounded length.
  [[nodiscard]] std::string quoted() const {
    std::string line;
    for (const char c : text_.substr(0, text_.find_last_not_of(" \n") + 1)) {
      if (line.size() >= 120) return line + "...";
      if (c >= ' ' && c <= '~')
        line += c;
      else
        line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return line;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) malformed();
  }
  std::string string() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) malformed();
    std::string value(text_.substr(at_, end - at_));
    at_ = end + 1;
    return value;
  }
  std::string descr_value() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') fail(place_, "structured elements are not supported; {}", legal());
    return string();
  }
  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word == "True";
      }
    malformed();
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      if (shape.size() == kMaxDimensions) malformed();
      shape.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }
  std::size_t number() {
    skip_space();
    std::size_t value = 0;
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(value, std::size_t{10}, &value) ||
          __builtin_add_overflow(value, static_cast<std::size_t>(text_[at_] - '0'), &value))
        malformed();
    if (at_ == begin) malformed();
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote 3L
    return value;
  }

 public:
  static std::string legal() { return fmt::format("legal: {}, float16, bool", join(EnumNames<DType>::names)); }

 private:
  std::string_view text_;
  const Place& place_;
  std::size_t at_ = 0;
};

/// How the elements lie in the file, and what they become.
enum class Stored { AsIs, Half, Bool };

struct Element {
  DType type;
  bool swapped;  ///< big-endian
  Stored stored = Stored::AsIs;
};

Element element_of(const std::string& descr, const Place& place) {
  for (std::size_t i = 0; i < kDescr.size(); ++i) {
    if (descr.size() != 3 || descr.substr(1) != kDescr[i]) continue;
    const char order = descr[0];
    const bool one_byte = kDescr[i].back() == '1';
    if (order == '<' || order == '=' || order == '>' || (order == '|' && one_byte))
      return {static_cast<DType>(i), order == '>' && !one_byte};
  }
  if (descr == "|b1") return {DType::UInt8, false, Stored::Bool};
  if (descr == "<f2" || descr == "=f2" || descr == ">f2") return {DType::Float32, descr[0] == '>', Stored::Half};
  std::string word;
  for (const char c : descr.substr(0, 40)) word += c >= ' ' && c <= '~' ? c : '?';
  fail(place, "element type '{}' is not supported; {}", word, HeaderParser::legal());
}

/// Product of the extents, or UserError if it exceeds kMaxElements.
std::uint64_t checked_count(const Shape& shape, const Place& place) {
  std::uint64_t count = 1;
  for (const std::size_t extent : shape)
    if (extent == 0) return 0;
  for (const std::size_t extent : shape)
    if (__builtin_mul_overflow(count, extent, &count) || count > kMaxElements)
      fail(place, "shape {} has more than 2^31 elements", text_of(shape));
  return count;
}

void swap_bytes(Tensor& tensor) {
  const std::size_t size = size_of(tensor.type());
  const auto bytes = tensor.bytes();
  for (std::size_t at = 0; at < bytes.size(); at += size)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
}

/// From Fortran order (first index fastest) to C order (last index fastest), both of `shape`.
Tensor transposed(const Tensor& fortran) {
  Tensor result(fortran.type(), fortran.shape());
  const Shape& shape = fortran.shape();
  const std::size_t size = size_of(fortran.type());
  std::vector<std::size_t> index(shape.size(), 0), step(shape.size(), 1);
  for (std::size_t d = 1; d < shape.size(); ++d) step[d] = step[d - 1] * shape[d - 1];
  std::size_t from = 0;
  for (std::size_t to = 0; to < result.size(); ++to) {
    std::memcpy(result.bytes().data() + to * size, fortran.bytes().data() + from * size, size);
    for (std::size_t d = shape.size(); d-- > 0;) {
      from += step[d];
      if (++index[d] < shape[d]) break;
      from -= step[d] * shape[d];
      index[d] = 0;
    }
  }
  return result;
}

/// Halves as floats.
Tensor widened(const Tensor& halves) {
  Tensor result(DType::Float32, halves.shape());
  std::transform(halves.as<std::uint16_t>().begin(), halves.as<std::uint16_t>().end(), result.as<float>().begin(),
                 from_half);
  return result;
}

/// "[0, 3]", the index of element `i`.
std::string index_text(const Tensor& tensor, std::size_t i) {
  Shape index(tensor.shape().size());
  for (std::size_t d = index.size(); d-- > 0; i /= tensor.shape()[d]) index[d] = i % tensor.shape()[d];
  return text_of(index);
}

template <typename T>
void check_finite(const Tensor& tensor, const Place& place) {
  const auto values = tensor.as<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    const std::string_view value = std::isnan(values[i]) ? "NaN" : values[i] > 0 ? "infinite" : "-infinite";
    fail(place, "element {} is {}; elements must be finite", index_text(tensor, i), value);
  }
}

void check_bool(const Tensor& tensor, const Place& place) {
  const auto values = tensor.as<std::uint8_t>();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > 1) fail(place, "element {} of a bool array is {}; legal: 0, 1", index_text(tensor, i), values[i]);
}

}  // namespace

Tensor read_npy(const std::function<std::size_t(std::span<std::byte>)>& read, std::uint64_t size, const Place& place) {
  const auto fill = [&](std::span<std::byte> bytes) { return read(bytes) == bytes.size(); };

  std::array<std::byte, 8> start;
  if (!fill(start) || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) fail(place, "not an .npy file");
  const auto major = std::to_integer<unsigned>(start[6]), minor = std::to_integer<unsigned>(start[7]);
  if (major < 1 || major > 3 || minor != 0)
    fail(place, ".npy format version {}.{} is not supported; legal: 1.0, 2.0, 3.0", major, minor);

  std::array<std::byte, 4> length_bytes{};
  const std::size_t length_size = major == 1 ? 2 : 4;
  std::uint64_t used = start.size() + length_size;
  if (!fill(std::span(length_bytes).first(length_size))) fail(place, "truncated .npy header");
  std::uint32_t length = 0;
  std::memcpy(&length, length_bytes.data(), sizeof length);
  if (length > size - used) fail(place, "truncated .npy header");
  if (length > kMaxHeader) fail(place, ".npy header of {} bytes; at most {} are legal", length, kMaxHeader);
  std::string text(length, '\0');
  if (!fill(std::as_writable_bytes(std::span(text)))) fail(place, "truncated .npy header");
  used += length;

  const Header header = HeaderParser(text, place).parse();
  const Element element = element_of(header.descr, place);
  const DType stored = element.stored == Stored::Half ? DType::UInt16 : element.type;
  const std::string_view word = element.stored == Stored::Half   ? "float16"
                                : element.stored == Stored::Bool ? "bool"
                                                                 : name_of(element.type);
  const std::uint64_t expected = checked_count(header.shape, place) * size_of(stored);
  if (size - used < expected)
    fail(place, "truncated data: shape {} of {} takes {} bytes, {} are there", text_of(header.shape), word, expected,
         size - used);
  if (size - used > expected)
    fail(place, "{} bytes left over after shape {} of {}", size - used - expected, text_of(header.shape), word);

  Tensor tensor(stored, header.shape);
  if (!fill(tensor.bytes())) fail(place, "cannot read the elements");
  if (element.swapped) swap_bytes(tensor);
  if (header.fortran_order && header.shape.size() > 1) tensor = transposed(tensor);
  if (element.stored == Stored::Half) tensor = widened(tensor);
  if (element.stored == Stored::Bool) check_bool(tensor, place);
  if (tensor.type() == DType::Float32) check_finite<float>(tensor, place);
  if (tensor.type() == DType::Float64) check_finite<double>(tensor, place);
  return tensor;
}

Tensor read_npy(const std::filesystem::path& path) {
  const Place place{path.string()};
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) fail(place, "is a folder, not an .npy file");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    fail(place, "is not a regular file");

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) fail(place, "cannot read: {}", std::strerror(errno));
  const auto size = std::filesystem::file_size(path, error);
  if (error) fail(place, "cannot read: {}", error.message());
  return read_npy([&](std::span<std::byte> bytes) { return std::fread(bytes.data(), 1, bytes.size(), file.get()); },
                  size, place);
}

std::string write_npy(const Tensor& tensor) {
  const bool one_byte = size_of(tensor.type()) == 1;
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   one_byte ? '|' : '<', kDescr[static_cast<std::size_t>(tensor.type())],
                                   fmt::join(tensor.shape(), ", "), tensor.shape().size() == 1 ? "," : "");
  // Filled up so that the elements begin at a multiple of 64.
  const std::size_t before = kMagic.size() + 2 + 2;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';

  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size());
  return bytes;
}

}  // namespace lacuna
