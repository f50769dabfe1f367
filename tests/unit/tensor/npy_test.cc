// .npy files: what comes back is what was written, and every broken file is refused in one line.
#include "tensor/npy.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "../temporary_folder.h"
#include "base/random.h"

using namespace lacuna;

namespace {

/// A version 1.0 file with this dictionary and these elements.
std::string npy_with(const std::string& dictionary, const std::string& elements, char major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += major;
  bytes += '\0';
  const std::size_t length = dictionary.size() + 1;
  bytes += static_cast<char>(length & 0xff);
  bytes += static_cast<char>(length >> 8);
  if (major > 1) bytes += std::string(2, '\0');
  return bytes + dictionary + "\n" + elements;
}

std::string npy_of(const std::string& descr, const std::string& shape, const std::string& elements) {
  return npy_with("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }", elements);
}

Tensor read(const std::string& bytes) {
  std::size_t at = 0;
  return read_npy(
      [&](std::span<std::byte> to) {
        const std::size_t count = std::min(to.size(), bytes.size() - at);
        std::copy_n(std::as_bytes(std::span(bytes)).begin() + static_cast<std::ptrdiff_t>(at), count, to.begin());
        at += count;
        return count;
      },
      bytes.size(), Place{"x.npy"});
}

std::string error_of(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const UserError& error) {
    return error.what();
  }
  return "(no error)";
}

template <typename T>
void fill(Tensor& tensor, Random& random) {
  for (T& x : tensor.as<T>()) x = static_cast<T>(random.below(200));
}

Tensor random_tensor(DType type, const Shape& shape, Random& random) {
  Tensor tensor(type, shape);
  switch (type) {
    case DType::Int8:
      fill<std::int8_t>(tensor, random);
      break;
    case DType::UInt8:
      fill<std::uint8_t>(tensor, random);
      break;
    case DType::Int16:
      fill<std::int16_t>(tensor, random);
      break;
    case DType::UInt16:
      fill<std::uint16_t>(tensor, random);
      break;
    case DType::Int32:
      fill<std::int32_t>(tensor, random);
      break;
    case DType::Int64:
      fill<std::int64_t>(tensor, random);
      break;
    case DType::Float32:
      fill<float>(tensor, random);
      break;
    case DType::Float64:
      fill<double>(tensor, random);
      break;
  }
  return tensor;
}

const std::string kLegal = "legal: int8, uint8, int16, uint16, int32, int64, float32, float64, float16, bool";

}  // namespace

TEST_CASE("every element type and shape survives being written and read") {
  Random random(1);
  const TemporaryFolder folder;
  for (std::size_t type = 0; type < enum_count<DType>(); ++type)
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{7}, Shape{3, 0, 2}, Shape{2, 3}, Shape{2, 1, 3, 5}}) {
      const Tensor tensor = random_tensor(static_cast<DType>(type), shape, random);
      const std::string bytes = write_npy(tensor);
      CAPTURE(text_of(shape), name_of(tensor.type()));
      CHECK((bytes.size() - tensor.bytes().size()) % 64 == 0);
      CHECK(read(bytes) == tensor);
      CHECK(read_npy(folder.write("t.npy", bytes)) == tensor);
    }
}

TEST_CASE("header versions 2.0 and 3.0 read as 1.0 does") {
  for (const char version : {1, 2, 3}) {
    const Tensor tensor = read(npy_with("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }",
                                        std::string("\x01\x02\xff\xff", 4), version));
    CHECK(tensor.shape() == Shape{2});
    CHECK(tensor.to_int64() == std::vector<std::int64_t>{0x0201, -1});
  }
}

TEST_CASE("big-endian elements are swapped") {
  CHECK(read(npy_of(">i4", "(2,)", std::string("\0\0\1\2\xff\xff\xff\xfe", 8))).to_int64() ==
        std::vector<std::int64_t>{0x102, -2});
  CHECK(read(npy_of(">i1", "(1,)", "\xff")).to_int64() == std::vector<std::int64_t>{-1});
}

TEST_CASE("Fortran order is transposed to C order") {
  // a[i][j][k] = 100 i + 10 j + k of shape 2 3 2; in Fortran order i runs fastest.
  std::string elements;
  for (int k = 0; k < 2; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) elements += static_cast<char>(100 * i + 10 * j + k);
  const Tensor tensor = read(npy_with("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }", elements));
  CHECK(tensor.to_int64() == std::vector<std::int64_t>{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121});
}

TEST_CASE("keys in any order and either quotes and spaces and Python 2 numbers are read") {
  CHECK(read(npy_with("{ \"shape\" :( 1 ,2L ) , 'fortran_order':False,\"descr\":'|i1'}", "ab")).shape() == Shape{1, 2});
}

TEST_CASE("a file that is no npy is refused") {
  CHECK(error_of("") == "x.npy: not an .npy file");
  CHECK(error_of("PK\3\4aaaaaaaaaaaaaaaaaa") == "x.npy: not an .npy file");
  CHECK(error_of("\x93NUMPY") == "x.npy: not an .npy file");
  CHECK(error_of(std::string("\x93NUMPY\4\0", 8)) ==
        "x.npy: .npy format version 4.0 is not supported; legal: 1.0, 2.0, 3.0");
}

TEST_CASE("a header cut short is refused wherever it is cut") {
  const std::string bytes = npy_of("|i1", "(2, 3)", "abcdef");
  for (std::size_t length = 8; length < bytes.size() - 6; ++length)
    CHECK(error_of(bytes.substr(0, length)) == "x.npy: truncated .npy header");
}

TEST_CASE("data cut short and bytes left over are refused with their number") {
  CHECK(error_of(npy_of("<i2", "(2, 3)", "abcdefghijk")) ==
        "x.npy: truncated data: shape [2, 3] of int16 takes 12 bytes, 11 are there");
  CHECK(error_of(npy_of("<i2", "(2, 3)", "abcdefghijklmn")) == "x.npy: 2 bytes left over after shape [2, 3] of int16");
}

TEST_CASE("element types that are not supported are named with the legal ones") {
  for (const std::string descr : {"|f2", "<b1", "<u4", "<u8", "<c8", "<U3", "|S5", "|O", "|i2", "i1", ""})
    CHECK(error_of(npy_of(descr, "(1,)", "abcd")) == "x.npy: element type '" + descr + "' is not supported; " + kLegal);
  CHECK(error_of(npy_with("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", "abcd")) ==
        "x.npy: structured elements are not supported; " + kLegal);
}

TEST_CASE("float16 becomes float32 value for value") {
  // sign 1 bit, exponent 5 bits of bias 15, fraction 10 bits: 1, -2, 65504 (the largest), 2^-14 (the smallest normal
  // one), 2^-24 (the smallest), 0, -0, 1 / 3 rounded to 1365 x 2^-12
  const std::vector<std::uint16_t> halves = {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x0000, 0x8000, 0x3555};
  const std::vector<float> expected = {1.0f, -2.0f, 65504.0f, 0x1p-14f, 0x1p-24f, 0.0f, -0.0f, 1365.0f / 4096};
  std::string little, big;
  for (const std::uint16_t half : halves) {
    const char low = static_cast<char>(half & 0xff), high = static_cast<char>(half >> 8);
    little += {low, high};
    big += {high, low};
  }
  for (const Tensor& tensor : {read(npy_of("<f2", "(2, 4)", little)), read(npy_of(">f2", "(2, 4)", big))}) {
    CHECK(tensor.shape() == Shape{2, 4});
    const auto values = tensor.as<float>();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(values[i] == expected[i]);
      CHECK(std::signbit(values[i]) == std::signbit(expected[i]));
    }
  }
  CHECK(error_of(npy_of("<f2", "(2,)", std::string("\0\x3c\0\x7c", 4))) ==
        "x.npy: element [1] is infinite; elements must be finite");
  CHECK(error_of(npy_of("<f2", "(1,)", std::string("\1\xfc", 2))) ==
        "x.npy: element [0] is NaN; elements must be finite");
  CHECK(error_of(npy_of("<f2", "(3,)", "abcde")) ==
        "x.npy: truncated data: shape [3] of float16 takes 6 bytes, 5 are there");
}

TEST_CASE("every float16 is the nearest float32 of its digits") {
  for (std::uint32_t half = 0; half < 0x7c00; ++half) {
    const Tensor tensor = read(npy_of("<f2", "(1,)", {static_cast<char>(half & 0xff), static_cast<char>(half >> 8)}));
    const std::uint32_t exponent = half >> 10, fraction = half & 0x3ff;
    const double expected = exponent == 0 ? fraction / 16777216.0
                                          : (1 + fraction / 1024.0) * std::pow(2.0, static_cast<double>(exponent) - 15);
    REQUIRE(static_cast<double>(tensor.as<float>()[0]) == expected);
  }
}

TEST_CASE("bool becomes uint8 and other bytes than 0 and 1 are refused") {
  const Tensor tensor = read(npy_of("|b1", "(2, 2)", std::string("\0\1\1\0", 4)));
  CHECK(tensor.type() == DType::UInt8);
  CHECK(tensor.to_int64() == std::vector<std::int64_t>{0, 1, 1, 0});
  CHECK(error_of(npy_of("|b1", "(2, 2)", std::string("\0\1\1\2", 4))) ==
        "x.npy: element [1, 1] of a bool array is 2; legal: 0, 1");
  CHECK(error_of(npy_of("|b1", "(3,)", "ab")) == "x.npy: truncated data: shape [3] of bool takes 3 bytes, 2 are there");
}

TEST_CASE("a malformed header is quoted") {
  CHECK(error_of(npy_with("{'descr': '|i1', 'shape': (1,), }", "a")) ==
        "x.npy: malformed .npy header: {'descr': '|i1', 'shape': (1,), }");
  CHECK(error_of(npy_with("{'descr': '|i1', 'fortran_order': False, 'shape': (-1,), }", "a")) ==
        "x.npy: malformed .npy header: {'descr': '|i1', 'fortran_order': False, 'shape': (-1,), }");
  CHECK(error_of(npy_with("\x01\xff", "a")) == "x.npy: malformed .npy header: \\x01\\xff");
  CHECK(error_of(npy_with("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'descr': '|i1'}", "a")) ==
        "x.npy: malformed .npy header: {'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'descr': '|i1'}");
}

TEST_CASE("shapes whose product is absurd or overflows are refused") {
  CHECK(error_of(npy_of("|i1", "(2147483649,)", "a")) == "x.npy: shape [2147483649] has more than 2^31 elements");
  CHECK(error_of(npy_of("<f8", "(4294967296, 4294967296)", "a")) ==
        "x.npy: shape [4294967296, 4294967296] has more than 2^31 elements");
  CHECK(error_of(npy_of("|i1", "(18446744073709551616,)", "a")) ==
        "x.npy: malformed .npy header: {'descr': '|i1', 'fortran_order': False, 'shape': (18446744073709551616,), }");
  CHECK(read(npy_of("|i1", "(9223372036854775807, 9223372036854775807, 0)", "")).empty());
}

TEST_CASE("NaN and infinity are refused and named by their index") {
  Tensor tensor(DType::Float32, {2, 3});
  tensor.as<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of(write_npy(tensor)) == "x.npy: element [1, 2] is NaN; elements must be finite");
  tensor.as<float>()[3] = -std::numeric_limits<float>::infinity();
  CHECK(error_of(write_npy(tensor)) == "x.npy: element [1, 0] is -infinite; elements must be finite");
  Tensor wide(DType::Float64, {1});
  wide.as<double>()[0] = std::numeric_limits<double>::infinity();
  CHECK(error_of(write_npy(wide)) == "x.npy: element [0] is infinite; elements must be finite");
}

TEST_CASE("a path that cannot be read is refused with the reason") {
  const TemporaryFolder folder;
  const auto text = [&](const std::string& name) {
    return error_text(folder, [&] { (void)read_npy(folder.path() / name); });
  };
  CHECK(text("missing.npy") == "missing.npy: cannot read: No such file or directory");
  std::filesystem::create_directory(folder.path() / "d.npy");
  CHECK(text("d.npy") == "d.npy: is a folder, not an .npy file");
  folder.write("file", "");
  CHECK(text("file/x.npy") == "file/x.npy: cannot read: Not a directory");
  CHECK_THROWS_WITH(read_npy(std::filesystem::path("/dev/null")), "/dev/null: is not a regular file");
}

TEST_CASE("a stream that ends before its size is refused") {
  const std::string good = npy_of("<i2", "(2, 3)", "abcdefghijkl");
  std::size_t at = 0;
  const auto read = [&](std::span<std::byte> bytes) {
    const std::size_t count = std::min(bytes.size(), good.size() - 4 - at);
    std::memcpy(bytes.data(), good.data() + at, count);
    at += count;
    return count;
  };
  CHECK_THROWS_WITH(read_npy(read, good.size(), Place{"x.npy"}), "x.npy: cannot read the elements");
}

TEST_CASE("a header longer than any header is refused") {
  std::string bytes("\x93NUMPY\x02\x00\x01\x00\x10\x00", 12);
  bytes.resize(12 + 0x100001);
  CHECK(error_of(bytes) == "x.npy: .npy header of 1048577 bytes; at most 1048576 are legal");
}

TEST_CASE("no mutation of a header byte crashes the reader") {
  Random random(7);
  for (const std::string& good :
       {npy_of("<i2", "(2, 3)", "abcdefghijkl"),
        npy_with("{'descr': '>f4', 'fortran_order': True, 'shape': (1, 3), }", "abcdefghijkl", 2)}) {
    const std::size_t header = good.size() - 12;
    int refused = 0;
    for (std::size_t at = 0; at < header; ++at)
      for (int value = 0; value < 256; ++value) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(value);
        const std::string text = error_of(bytes);
        refused += text != "(no error)";
        REQUIRE(text.find('\n') == std::string::npos);
      }
    CHECK(refused > 200 * static_cast<int>(header));
    for (int round = 0; round < 20000; ++round) {  // several bytes at once, and cuts
      std::string bytes = good.substr(0, good.size() - random.below(20));
      for (std::uint64_t i = random.below(4) + 1; i-- > 0;)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      REQUIRE(error_of(bytes).find('\n') == std::string::npos);
    }
  }
}
