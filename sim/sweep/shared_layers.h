// The layers of a sweep's workloads, loaded once for all points that need them, within a bound on memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "machine/config.h"
#include "sweep/sweep_file.h"
#include "workload/workload.h"

namespace lacuna {

/// Thread-safe.
class SharedLayers {
 public:
  /// Opens the workloads. `bytes`: tensors nobody uses at the moment are dropped beyond that much, the longest unused
  /// first. UserError for workloads and layer names that are wrong, at their places in the sweep file.
  SharedLayers(const std::vector<WorkloadChoice>& choices, std::uint64_t bytes);

  [[nodiscard]] std::size_t workloads() const { return workloads_.size(); }
  [[nodiscard]] const Workload& workload(std::size_t index) const { return workloads_[index].workload; }
  /// Indices of the chosen layers in the network, ascending.
  [[nodiscard]] const std::vector<std::size_t>& chosen(std::size_t workload) const {
    return workloads_[workload].chosen;
  }
  /// "conv1,conv2" where not all layers are chosen, "" for all: part of a point's identity.
  [[nodiscard]] const std::string& layers_text(std::size_t workload) const { return workloads_[workload].layers_text; }

  /// Layer `index` of the network; drawn or converted at most once at a time.
  std::shared_ptr<const Layer> layer(std::size_t workload, std::size_t index);
  /// Fingerprint of the output the reference convolution gives for a layer, computed once for each width of
  /// accumulators and each threshold.
  std::string expected_output(std::size_t workload, std::size_t index, const Machine& machine);
  /// Dense pairs of each chosen layer, in the order of chosen(); loads every layer once.
  const std::vector<std::uint64_t>& dense_pairs(std::size_t workload);

 private:
  struct Slot {
    std::mutex loading;  ///< held while the layer is loaded or its reference computed
    std::shared_ptr<const Layer> layer;
    std::uint64_t bytes = 0, used = 0;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> expected;
  };
  struct Opened {
    Workload workload;
    std::vector<std::size_t> chosen;
    std::string layers_text;
    std::vector<std::unique_ptr<Slot>> slots;  ///< one a layer of the network
    std::vector<std::uint64_t> pairs;
  };

  std::shared_ptr<const Layer> load(Opened& opened, std::size_t index);
  void drop_unused();

  std::vector<Opened> workloads_;
  std::uint64_t most_bytes_;
  std::mutex mutex_;  ///< of what follows and of layer, bytes, used and expected of every slot
  std::uint64_t bytes_ = 0, clock_ = 0;
};

/// The fingerprint of a tensor: element type, shape, values.
std::string fingerprint(const Tensor& tensor);

}  // namespace lacuna
