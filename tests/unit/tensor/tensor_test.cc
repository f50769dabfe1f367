// Tensors and their quantisation.
#include "tensor/tensor.h"

#include <catch2/catch.hpp>

#include "tensor/quantise.h"

using namespace lacuna;

TEST_CASE("the number of elements is the product of the extents") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({2, 3, 4}) == 24);
  CHECK(element_count({std::size_t{1} << 40, std::size_t{1} << 40, 0}) == 0);
  CHECK_THROWS_AS(element_count({std::size_t{1} << 32, std::size_t{1} << 32}), Bug);
  CHECK(text_of(Shape{20, 1, 5, 5}) == "[20, 1, 5, 5]");
  CHECK(text_of(Shape{}) == "[]");
}

TEST_CASE("a tensor refuses to be read as another element type or to be reshaped to another size") {
  Tensor tensor(DType::Int8, {2, 3});
  tensor.as<std::int8_t>()[5] = -7;
  CHECK_THROWS_AS(tensor.as<std::uint8_t>(), Bug);
  CHECK_THROWS_AS(tensor.reshaped({7}), Bug);
  CHECK(tensor.reshaped({3, 2, 1}).shape() == Shape{3, 2, 1});
  CHECK(tensor.reshaped({6}).to_int64() == std::vector<std::int64_t>{0, 0, 0, 0, 0, -7});
  CHECK_THROWS_AS(Tensor(DType::Float32, {1}).to_int64(), Bug);
}

TEST_CASE("quantisation maps the largest magnitude to the highest integer and zero to zero") {
  Tensor floats(DType::Float32, {5});
  const float values[] = {-2.0f, 0.0f, 1.0f, 0.25f, 0.003f};
  std::copy(std::begin(values), std::end(values), floats.as<float>().begin());

  const Quantised narrow = quantise(floats, 8, Range::Signed);  // scale 2 / 127; 1 is 63.5 steps, 0.003 is 0.19
  CHECK(narrow.values.type() == DType::Int8);
  CHECK(narrow.values.to_int64() == std::vector<std::int64_t>{-127, 0, 64, 16, 0});
  CHECK(narrow.scales == std::vector<double>{2.0 / 127});
  CHECK(narrow.lost == 1);                                     // 0.003
  const Quantised wide = quantise(floats, 16, Range::Signed);  // scale 2 / 32767; 0.003 is 49.15 steps
  CHECK(wide.values.type() == DType::Int16);
  CHECK(wide.values.to_int64() == std::vector<std::int64_t>{-32767, 0, 16384, 4096, 49});

  floats.as<float>()[0] = 2.0f;
  CHECK(quantise(floats, 8, Range::Unsigned).values.type() == DType::UInt8);
  CHECK(quantise(floats, 8, Range::Unsigned).values.to_int64() == std::vector<std::int64_t>{255, 0, 128, 32, 0});
  CHECK(quantise(floats, 16, Range::Unsigned).values.to_int64()[0] == 65535);
}

TEST_CASE("quantisation keeps zeros and tiny and huge tensors exact") {
  const Quantised zeros = quantise(Tensor(DType::Float64, {3}), 8, Range::Signed);
  CHECK(zeros.scales == std::vector<double>{1});
  CHECK(zeros.lost == 0);
  CHECK(zeros.values.to_int64() == std::vector<std::int64_t>{0, 0, 0});
  for (const double largest : {4.9e-324, 1.7e308}) {
    Tensor floats(DType::Float64, {2});
    floats.as<double>()[0] = -largest;
    CHECK(quantise(floats, 8, Range::Signed).values.to_int64() == std::vector<std::int64_t>{-127, 0});
  }
}

TEST_CASE("channels of a tensor are quantised with a scale of their own") {
  // One scale for both would make everything of the second channel zero: 0.01 is 0.0127 steps of 100 / 127.
  Tensor floats(DType::Float64, {2, 3});
  const double values[] = {100, -50, 0, 0.01, -0.005, 0.00001};
  std::copy(std::begin(values), std::end(values), floats.as<double>().begin());
  const Quantised whole = quantise(floats, 8, Range::Signed);
  CHECK(whole.values.to_int64() == std::vector<std::int64_t>{127, -64, 0, 0, 0, 0});
  CHECK(whole.lost == 3);
  const Quantised apart = quantise(floats, 8, Range::Signed, {.channels = 2});
  CHECK(apart.values.to_int64() == std::vector<std::int64_t>{127, -64, 0, 127, -64, 0});
  CHECK(apart.scales == std::vector<double>{100.0 / 127, 0.01 / 127});
  CHECK(apart.lost == 1);
  CHECK_THROWS_AS(quantise(floats, 8, Range::Signed, {.channels = 4}), Bug);
}

TEST_CASE("magnitudes above a percentile saturate") {
  // 99 values of 1 .. 99 and an outlier: at the 99th percentile of 100 magnitudes the range ends at 99.
  Tensor floats(DType::Float32, {101});
  for (int i = 1; i < 100; ++i) floats.as<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i);
  floats.as<float>()[100] = 1e6f;
  const Quantised all = quantise(floats, 8, Range::Unsigned);
  CHECK(all.lost == 99);
  const Quantised most = quantise(floats, 8, Range::Unsigned, {.percentile = 99});
  CHECK(most.lost == 0);
  CHECK(most.scales == std::vector<double>{99.0 / 255});
  CHECK(most.values.to_int64()[99] == 255);
  CHECK(most.values.to_int64()[100] == 255);
  CHECK(most.values.to_int64()[1] == 3);  // 255 / 99 = 2.58
}

TEST_CASE("has_negative looks at the sign of values and not of zeros") {
  Tensor floats(DType::Float64, {2});
  floats.as<double>()[1] = -0.0;
  CHECK_FALSE(has_negative(floats));
  floats.as<double>()[1] = -1e-300;
  CHECK(has_negative(floats));
  Tensor bytes(DType::UInt8, {1});
  bytes.as<std::uint8_t>()[0] = 255;
  CHECK_FALSE(has_negative(bytes));
  Tensor words(DType::Int16, {1});
  words.as<std::int16_t>()[0] = -1;
  CHECK(has_negative(words));
}

TEST_CASE("an element is set to the lowest bits of a value in every width") {
  for (const DType type : {DType::Int8, DType::UInt8, DType::Int16, DType::UInt16, DType::Int32, DType::Int64}) {
    Tensor tensor(type, {3});
    tensor.set(1, -2);
    const std::int64_t bits = 8 * static_cast<std::int64_t>(size_of(type));
    const bool is_signed = type != DType::UInt8 && type != DType::UInt16;
    const std::int64_t expected = is_signed ? -2 : (std::int64_t{1} << bits) - 2;
    CHECK(tensor.to_int64() == std::vector<std::int64_t>{0, expected, 0});
    CHECK_THROWS_AS(tensor.set(3, 0), Bug);
  }
  Tensor real(DType::Float32, {1});
  CHECK_THROWS_AS(real.set(0, 1), Bug);
}
