// A network to simulate: a workload.yaml with its tensors, or with densities and seeds from which they are drawn.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workload/generate.h"
#include "workload/layer.h"

namespace lacuna {

class Workload {
 public:
  /// Opens `path`, a workload.yaml or a folder that holds one. Everything the file says is checked here, given tensors
  /// are read (and float ones quantised) here; UserError at the first fault. Generated tensors are drawn by load().
  static Workload open(const std::filesystem::path& path);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Where weights, pruning and accuracy come from, one sentence.
  [[nodiscard]] const std::string& source() const { return source_; }
  /// 32 hex digits over everything that decides the numbers: layer parameters, tensors, densities, seeds.
  [[nodiscard]] const std::string& hash() const { return hash_; }
  [[nodiscard]] const std::vector<std::string>& layer_names() const { return layer_names_; }

  /// The shape of layer `index`, known without its tensors.
  [[nodiscard]] const ConvShape& shape(std::size_t index) const;
  /// Layer `index` with its tensors. The same bytes on every machine.
  [[nodiscard]] Layer load(std::size_t index) const;

  /// What the file says of one layer.
  struct Entry {
    Layer layer;  ///< of a generated one without tensors and without the note that says so
    std::optional<GeneratedLayer> generated;
    std::vector<double> weight_steps;  ///< [M] value of one step of a filter's weights; empty if given as integers
  };
  [[nodiscard]] const Entry& entry(std::size_t index) const;

 private:
  std::string name_, source_, hash_;
  std::vector<std::string> layer_names_;
  std::vector<std::shared_ptr<const Entry>> entries_;
};

}  // namespace lacuna
