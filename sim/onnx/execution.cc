#include "onnx/execution.h"

#include <algorithm>

#include "onnx/operators.h"

namespace lacuna::onnx {

Call Execution::call(const Model& model, const Node& node) const {
  std::vector<TensorPtr> inputs;
  for (const std::string& name : node.inputs) {
    const auto value = values.find(name);
    LACUNA_CHECK(name.empty() || value != values.end(), "{}: '{}' was not made", node.place.text(), shown(name));
    inputs.push_back(name.empty() ? nullptr : value->second);
  }
  return Call(node, std::move(inputs), model.opset);
}

Execution execute(const Model& model, const std::map<std::string, Tensor>& inputs, std::uint64_t most_bytes) {
  Execution run;
  std::uint64_t bytes = 0;
  run.values = model.constants;
  for (const auto& [name, tensor] : model.constants) run.constant.insert(name);
  for (const Input& input : model.inputs)
    run.values[input.name] = std::make_shared<const Tensor>(inputs.at(input.name));
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    const Node& node = model.nodes[i];
    const auto made = [&](const std::string& name) { return name.empty() || run.values.contains(name); };
    if (!is_supported(node.op) || !std::ranges::all_of(node.inputs, made)) {
      run.skipped.push_back(i);
      continue;
    }
    auto outputs = run_operator(run.call(model, node));
    const bool constant = std::ranges::all_of(
        node.inputs, [&](const std::string& name) { return name.empty() || run.constant.contains(name); });
    for (std::size_t o = 0; o < std::min(outputs.size(), node.outputs.size()); ++o) {
      bytes += outputs[o].bytes().size();
      if (bytes > most_bytes)
        fail(node.place, "the values up to here take more than {} bytes; give fewer images", most_bytes);
      if (constant) run.constant.insert(node.outputs[o]);
      run.values[node.outputs[o]] = std::make_shared<const Tensor>(std::move(outputs[o]));
    }
  }
  return run;
}

Execution execute_again(const Model& model, const Execution& before, const std::map<std::string, Change>& changes) {
  Execution run = before;
  std::set<std::string> stale;  // values that are no longer those of `before`
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    const Node& node = model.nodes[i];
    if (std::ranges::binary_search(before.skipped, i)) continue;
    const bool again = std::ranges::any_of(node.inputs, [&](const std::string& name) { return stale.contains(name); });
    std::vector<Tensor> outputs;
    if (again) outputs = run_operator(run.call(model, node));
    for (std::size_t o = 0; o < node.outputs.size(); ++o) {
      const std::string& name = node.outputs[o];
      const auto change = changes.find(name);
      if (again ? o >= outputs.size() : change == changes.end()) continue;
      Tensor value = again ? std::move(outputs[o]) : *run.values.at(name);
      if (change != changes.end()) change->second(run, value);
      run.values[name] = std::make_shared<const Tensor>(std::move(value));
      stale.insert(name);
    }
  }
  return run;
}

}  // namespace lacuna::onnx
