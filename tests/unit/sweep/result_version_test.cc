// Would a store mix results of two programs? Counters of fixed layers on fixed machines, noted beside the version they
// belong to. The noted fingerprint is not a claim that the counters are right: other tests say that.
#include <catch2/catch.hpp>
#include <filesystem>

#include "base/hash.h"
#include "machine/config_reader.h"
#include "machine/engine.h"
#include "sweep/store.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

constexpr std::uint64_t kNotedVersion = 4;
constexpr const char* kNotedFingerprint = "779f636c6258cad5deb921b95fcecc45";

const std::vector<std::vector<std::string>> kMachines = {
    {},
    {"intersect.skip=none", "intersect.weights.encoding=dense", "intersect.activations.encoding=dense"},
    {"array.rows=5", "array.columns=7", "intersect.skip=gate", "intersect.chunk=24"},
    {"array.rows=3", "array.columns=4", "intersect.skip=weights", "intersect.lanes=2", "storage.weights=rlc"},
    {"intersect.skip=activations", "array.operand=int16", "intersect.weights.fifo_depth=1", "storage.activations=csc"},
    {"intersect.early_termination=exact", "array.rows=8", "dram.latency=200"},
    {"intersect.mapping=filters", "array.rows=4", "array.columns=4", "intersect.filter_order=density"},
    {"intersect.order=windows_outer", "global_buffer.bytes=4096", "intersect.weights.buffer_bytes=1024",
     "post.threshold=3"},
};

}  // namespace

TEST_CASE("results are those of the noted result version") {
  const auto engine = make_engine(EngineKind::Fast);
  Hasher hasher;
  yaml::Node defaults;
  defaults.kind = yaml::Kind::Map;
  for (const char* name : {"lenet5", "lenet-300-100"}) {
    const Workload workload = Workload::open(std::filesystem::path(LACUNA_SOURCE_DIR) / "workloads" / name);
    for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
      const Layer layer = workload.load(i);
      for (const auto& assignments : kMachines) {
        const LayerOutcome outcome = engine->run(read_machine(defaults, assignments), layer, nullptr);
        hasher.add(outcome.cycles);
        for (const auto value : outcome.pairs.value) hasher.add(value);
        for (const auto value : outcome.pe_cycles.value) hasher.add(value);
        for (const auto value : outcome.actions.value) hasher.add(value);
      }
    }
  }
  INFO(
      "Counters have changed. If they were meant to: raise kResultVersion in sim/sweep/store.h, so that stores do not "
      "mix old points with new ones, and note version and fingerprint here.");
  CHECK(kResultVersion == kNotedVersion);
  CHECK(hasher.hex() == kNotedFingerprint);
}
