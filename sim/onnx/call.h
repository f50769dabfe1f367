// One run of a node: its inputs as tensors, its attributes by name and type, and how it says no.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "onnx/model.h"

namespace lacuna::onnx {

/// No tensor that an operator makes has more elements.
constexpr std::uint64_t kMaxMade = std::uint64_t{1} << 28;
/// No node has more multiply-accumulates.
constexpr std::uint64_t kMaxProducts = std::uint64_t{1} << 42;

class Call {
 public:
  /// `inputs` are those of `node`, in its order; null where one is left out. `node` outlives the call.
  Call(const Node& node, std::vector<TensorPtr> inputs, int opset)
      : node_(node), inputs_(std::move(inputs)), opset_(opset) {}

  [[nodiscard]] const Node& node() const { return node_; }
  [[nodiscard]] const Place& place() const { return node_.place; }
  [[nodiscard]] int opset() const { return opset_; }

  // --- inputs, counted from 0

  [[nodiscard]] std::size_t count() const { return inputs_.size(); }
  [[nodiscard]] bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  /// UserError if it is left out.
  [[nodiscard]] const Tensor& input(std::size_t i) const;
  /// The same, and it holds float32.
  [[nodiscard]] const Tensor& floats(std::size_t i) const;
  /// The same of at least `rank` dimensions.
  [[nodiscard]] const Tensor& floats(std::size_t i, std::size_t rank) const;
  /// The elements of an input of whole numbers.
  [[nodiscard]] std::vector<std::int64_t> integers(std::size_t i) const;
  /// The one element of a float32 input.
  [[nodiscard]] float scalar(std::size_t i) const;

  // --- attributes; UserError for one of another type

  [[nodiscard]] bool has(const std::string& name) const { return node_.attributes.contains(name); }
  [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t fallback) const;
  [[nodiscard]] float real(const std::string& name, float fallback) const;
  [[nodiscard]] std::vector<std::int64_t> integers(const std::string& name, std::vector<std::int64_t> fallback) const;
  /// A word, one of `legal`; the first of them if it is left out.
  [[nodiscard]] std::string word(const std::string& name, std::initializer_list<std::string_view> legal) const;

  // --- results

  /// `axis` of `rank` dimensions, counted from the end if negative. UserError if there is none such.
  [[nodiscard]] std::size_t axis(std::int64_t axis, std::size_t rank) const;
  /// UserError if a tensor of that shape would have more than kMaxMade elements.
  void check_size(const Shape& shape) const;
  /// Zeros, of a shape that check_size() lets pass.
  [[nodiscard]] Tensor make(DType type, const Shape& shape) const;

 private:
  template <typename T>
  [[nodiscard]] const T* attribute(const std::string& name, std::string_view type) const;

  const Node& node_;
  std::vector<TensorPtr> inputs_;
  int opset_;
};

/// Elements from one index to the next along each dimension, in C order.
std::vector<std::size_t> strides_of(const Shape& shape);

}  // namespace lacuna::onnx
