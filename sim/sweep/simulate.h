// One point: every layer of a workload on a configuration, held against the reference, with energy and area.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "energy/table.h"
#include "machine/engine.h"
#include "sweep/shared_layers.h"
#include "sweep/space.h"
#include "sweep/store.h"

namespace lacuna {

/// Thrown out of a simulation that is to stop.
struct Interrupted {};

/// Energy tables by path, each read once. Thread-safe.
class EnergyTables {
 public:
  const EnergyTable& get(const std::filesystem::path& path);

 private:
  std::mutex mutex_;
  std::map<std::filesystem::path, EnergyTable> tables_;
};

/// A configuration of a space with a workload, and its key.
struct PointTask {
  std::uint64_t configuration = 0;  ///< number in the design space
  std::size_t workload = 0;         ///< index in the sweep file
  std::uint64_t position = 0;       ///< in the sweep
  std::string key;
  double work = 0;  ///< estimated, in no unit: what takes longer has more
};

/// How much work the `fast` engine has with a point, by the machine's family. An estimate that orders points; it
/// decides no result.
double estimated_work(const Machine& machine, const std::vector<std::uint64_t>& dense_pairs);

struct PointInput {
  const Machine& machine;
  const EnergyTable& table;
  std::string engine_name, version;
};

/// Simulates all chosen layers. Interrupted as soon as `stop` is set; Bug if an output is not the reference's.
StoredPoint simulate(Engine& engine, const PointInput& input, SharedLayers& layers, std::size_t workload,
                     const std::atomic<bool>& stop);

}  // namespace lacuna
