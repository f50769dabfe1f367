// An ONNX model as its file has it: constants, nodes in order, what goes in and what comes out. Nobody else sees
// protobuf.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "tensor/tensor.h"

namespace lacuna::onnx {

/// Element types that Tensor does not have are widened on reading, value for value: float16 and bfloat16 to float32,
/// bool to uint8, uint32 and uint64 to int64. float64 is narrowed to float32, in which the operators run.
using TensorPtr = std::shared_ptr<const Tensor>;

using Attribute =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>, TensorPtr>;

struct Node {
  std::string name;                          ///< "" if it has none
  std::string op;                            ///< "Conv"; outside ONNX's own domain with it: "com.microsoft.Gelu"
  std::vector<std::string> inputs, outputs;  ///< names of values; "" for one that is left out
  std::map<std::string, Attribute> attributes;
  /// Names of the attributes that hold what no operator of ours takes: graphs, types, lists of strings.
  std::vector<std::string> unread;
  Place place;  ///< the file, operator and name: "net.onnx: Conv 'conv1'"
};

/// A value that is given when the network runs.
struct Input {
  std::string name;
  std::optional<DType> type;  ///< nothing if it is no tensor, or of text
  /// An extent of its shape; nothing where the model leaves it open. Nothing at all if the model says no shape.
  std::optional<std::vector<std::optional<std::size_t>>> shape;
};

struct Model {
  std::filesystem::path path;
  std::string name;  ///< of its graph
  int opset = 0;     ///< version of ONNX's own operators
  std::vector<Input> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, TensorPtr> constants;  ///< initializers
  std::vector<Node> nodes;                     ///< each reads what stands before it
};

/// Reads a model of any version; what its nodes mean is not looked at. UserError, with the file and node or value, if
/// it is no ONNX model, is larger than 2 GiB, makes a value twice or reads one that is not made before, has a tensor of
/// an element type that is not known, too large or cut short, or refers to data outside its folder.
Model read_model(const std::filesystem::path& path);

/// A tensor alone in its file, as ONNX's test data come (.pb).
Tensor read_tensor(const std::filesystem::path& path);

/// A name from a file for a message: at most 100 bytes of it.
std::string shown(const std::string& name);

}  // namespace lacuna::onnx
