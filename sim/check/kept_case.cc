#include "check/kept_case.h"

#include <fmt/format.h>

#include "machine/config_reader.h"
#include "tensor/npy.h"

namespace lacuna {

std::map<std::string, std::string> files_of(const RandomCase& kept, const std::string& source) {
  const Layer& layer = kept.layer;
  const ConvShape& s = layer.shape;
  std::map<std::string, std::string> files;
  files["config.yaml"] = to_yaml(kept.machine);
  files["weights.npy"] = write_npy(layer.weights);
  files["input.npy"] = write_npy(layer.input);

  Tensor bias(DType::Int32, {s.M});
  for (std::size_t i = 0; i < s.M; ++i) bias.as<std::int32_t>()[i] = static_cast<std::int32_t>(layer.bias[i]);
  files["bias.npy"] = write_npy(bias);

  // Fully connected layers and matrix products are convolutions of 1 x 1 inputs.
  std::string& yaml = files["workload.yaml"];
  yaml = fmt::format(
      "network: kept\nsource: \"{}\"\nlayers:\n  - name: kept\n    op: conv\n    weights: weights.npy\n    input: "
      "input.npy\n"
      "    bias: bias.npy\n    stride: [{}, {}]\n    dilation: [{}, {}]\n    pad: [{}, {}, {}, {}]\n    groups: {}\n   "
      " relu: {}\n",
      source, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_bottom, s.pad_left, s.pad_right,
      s.groups, layer.relu);
  if (!layer.requantise.empty()) {
    Tensor requantise(DType::Int32, {s.M, 2});
    for (std::size_t i = 0; i < s.M; ++i) {
      requantise.as<std::int32_t>()[2 * i] = static_cast<std::int32_t>(layer.requantise[i].multiplier);
      requantise.as<std::int32_t>()[2 * i + 1] = static_cast<std::int32_t>(layer.requantise[i].shift);
    }
    files["requantise.npy"] = write_npy(requantise);
    yaml += "    requantise: requantise.npy\n";
  }
  if (layer.prediction) {
    Tensor representatives(DType::UInt16, {s.M}), thresholds(DType::Int64, {s.M});
    for (std::size_t i = 0; i < s.M; ++i) {
      representatives.as<std::uint16_t>()[i] = static_cast<std::uint16_t>(layer.prediction->representatives[i]);
      thresholds.as<std::int64_t>()[i] = layer.prediction->thresholds[i];
    }
    files["representatives.npy"] = write_npy(representatives);
    files["thresholds.npy"] = write_npy(thresholds);
    yaml += "    predict: {representatives: representatives.npy, thresholds: thresholds.npy}\n";
  }
  return files;
}

}  // namespace lacuna
