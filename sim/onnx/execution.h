// A model run node by node: every value it makes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "onnx/call.h"
#include "onnx/model.h"

namespace lacuna::onnx {

struct Execution {
  std::map<std::string, TensorPtr> values;  ///< inputs, constants and all that was made
  std::set<std::string> constant;           ///< those that depend on no input of the model
  /// Nodes, by index, that were not run: their operator is not supported, or they read what such a node makes.
  std::vector<std::size_t> skipped;

  /// A node as it was run. Bug if a value it reads was not made.
  [[nodiscard]] Call call(const Model& model, const Node& node) const;
};

/// Runs what can be run, on `inputs` by name, one for each of the model's. The same values on every machine. UserError
/// at the node that cannot work on what it is given, and where all values together would take more than `most_bytes`.
Execution execute(const Model& model, const std::map<std::string, Tensor>& inputs,
                  std::uint64_t most_bytes = std::uint64_t{8} << 30);

/// Changes a value that was just made; the run holds all that was made before.
using Change = std::function<void(const Execution& run, Tensor& value)>;

/// The run `before` again, with the values that `changes` names changed before anyone reads them, and all that depends
/// on them made anew. What does not is shared.
Execution execute_again(const Model& model, const Execution& before, const std::map<std::string, Change>& changes);

}  // namespace lacuna::onnx
