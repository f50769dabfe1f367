// The same steps as `lacuna run`, with layers and reference outputs shared by all points.
#include "sweep/simulate.h"

#include <algorithm>
#include <numeric>

#include "energy/energy.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "report/report.h"

namespace lacuna {

namespace {

class StopsWhenTold : public Progress {
 public:
  explicit StopsWhenTold(const std::atomic<bool>& stop) : stop_(stop) {}
  void tiles(std::uint64_t, std::uint64_t) override {
    if (stop_) throw Interrupted{};
  }

 private:
  const std::atomic<bool>& stop_;
};

/// "per_pe_busy" of a result file, on one line.
std::string busy_text(const Machine& machine, const LayerOutcome& outcome) {
  std::string text;
  for (std::size_t pe = 0; pe < outcome.per_pe.size(); ++pe)
    text += fmt::format("{}{}",
                        pe == 0                           ? "[["
                        : pe % machine.array.columns == 0 ? "],["
                                                          : ",",
                        outcome.per_pe[pe][PeClass::Busy]);
  return text.empty() ? text : text + "]]";
}

}  // namespace

const EnergyTable& EnergyTables::get(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  const auto at = tables_.find(path);
  if (at != tables_.end()) return at->second;
  return tables_.emplace(path, read_energy_table(path)).first->second;
}

double estimated_work(const Machine& machine, const std::vector<std::uint64_t>& dense_pairs) {
  return family(machine).work(machine, std::accumulate(dense_pairs.begin(), dense_pairs.end(), std::uint64_t{0}));
}

StoredPoint simulate(Engine& engine, const PointInput& input, SharedLayers& layers, std::size_t workload,
                     const std::atomic<bool>& stop) {
  Report report;
  report.version = input.version;
  report.engine = input.engine_name;
  report.machine = input.machine;
  report.config_hash = config_hash(input.machine);
  report.energy_table = input.table.name;
  report.energy_hash = input.table.hash;
  report.energy_unit = input.table.unit;
  report.workload = layers.workload(workload).name();
  report.source = layers.workload(workload).source();
  report.workload_hash = layers.workload(workload).hash();
  StopsWhenTold progress(stop);
  std::vector<std::string> busy;
  for (const std::size_t index : layers.chosen(workload)) {
    if (stop) throw Interrupted{};
    const auto layer = layers.layer(workload, index);
    LayerReport one;
    one.outcome = engine.run(input.machine, *layer, &progress);
    one.op = name_of(layer->op);
    one.images = layer->op == Op::Matmul ? 1 : layer->shape.N;
    if (fingerprint(one.outcome.output) != layers.expected_output(workload, index, input.machine))
      throw Bug(fmt::format("layer '{}': the output of engine {} is not the reference's on\n{}", layer->name,
                            input.engine_name, to_yaml(input.machine)));
    one.verified = true;
    for (const auto& note : layer->notes)  // an engine may have said it already
      if (std::ranges::find(one.outcome.notes, note) == one.outcome.notes.end()) one.outcome.notes.push_back(note);
    one.energy = energy(input.machine, one.outcome, input.table);
    one.outcome.output = Tensor();
    busy.push_back(busy_text(input.machine, one.outcome));
    one.outcome.per_pe.clear();  // thousands of numbers need not go through the JSON of the result
    report.layers.push_back(std::move(one));
  }
  StoredPoint point = point_from_result(to_json(report), layers.layers_text(workload));
  for (std::size_t i = 0; i < busy.size(); ++i) point.layers[i].per_pe_busy = std::move(busy[i]);
  return point;
}

}  // namespace lacuna
