// Everything the user can get wrong is read and refused before the first cycle is simulated.
#include "cli/run.h"

#include <algorithm>
#include <optional>

#include "cli/choose_layers.h"
#include "cli/engines.h"
#include "cli/progress.h"
#include "cli/result_folder.h"
#include "cli/timeline.h"
#include "cli/verify.h"
#include "energy/energy.h"
#include "machine/config_reader.h"
#include "report/report.h"
#include "tensor/npy.h"
#include "workload/reference.h"
#include "workload/workload.h"

namespace lacuna {

namespace {

constexpr std::string_view kNotVerified = "not verified: the outputs were not compared with the reference";

std::string formatted(const Report& report, Format format) {
  switch (format) {
    case Format::Table:
      return to_table(report);
    case Format::Json:
      return to_json(report);
    case Format::Csv:
      return to_csv(report);
  }
  throw Bug("unknown Format");
}

/// An empty name would mean the current folder to some calls and nothing to others.
void need_name(const std::string& name, const std::string& argument) {
  if (name.empty()) fail(Place{argument}, "the name is empty");
}

}  // namespace

std::string run(const RunOptions& options) {
  const auto format = parse_enum<Format>(options.format, Place{"--format"}, "format");
  need_name(options.config, "CONFIG");
  need_name(options.workload, "WORKLOAD");
  if (options.output) need_name(*options.output, "--output");
  const auto engine = make_engine(options.engine, Place{"--engine"});
  const MachineFile file = read_machine(options.config, options.assignments);
  const Machine& machine = file.machine;
  const EnergyTable table = read_energy_table(file.energy_table);
  if (options.output) check_result_folder(*options.output);
  const Workload workload = Workload::open(options.workload);
  const auto indices = chosen_layers(workload, options.layers);

  Report report;
  report.version = LACUNA_VERSION;
  report.engine = options.engine;
  report.machine = machine;
  report.config_hash = config_hash(machine);
  report.energy_table = table.name;
  report.energy_hash = table.hash;
  report.energy_unit = table.unit;
  report.workload = workload.name();
  report.source = workload.source();
  report.workload_hash = workload.hash();

  const std::unique_ptr<Timeline> timeline = open_timeline(options, *engine, report);
  std::map<std::string, std::string> files;
  {
    TerminalProgress progress;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const Layer layer = workload.load(indices[i]);
      progress.layer(layer.name, i, indices.size());
      LayerReport one;
      if (timeline) {
        timeline->begin_layer(layer.name);
        one.outcome = engine->observe(machine, layer, *timeline);
        timeline->end_layer(one.outcome.cycles);
      } else {
        one.outcome = engine->run(machine, layer, &progress);
      }
      one.op = name_of(layer.op);
      one.images = layer.op == Op::Matmul ? 1 : layer.shape.N;
      if (options.no_verify)
        one.outcome.notes.emplace_back(kNotVerified);
      else
        verify(layer.name, options.engine, one.outcome.output,
               reference_output(layer, accumulator_bits(machine), machine.post.threshold));
      one.verified = !options.no_verify;
      for (const auto& note : layer.notes)  // an engine may have said it already
        if (std::find(one.outcome.notes.begin(), one.outcome.notes.end(), note) == one.outcome.notes.end())
          one.outcome.notes.push_back(note);
      one.energy = energy(machine, one.outcome, table);
      if (options.output) files[output_file_name(layer.name)] = write_npy(layer.user_output(one.outcome.output));
      one.outcome.output = Tensor();
      report.layers.push_back(std::move(one));
    }
  }

  if (options.output) {
    files["result.json"] = to_json(report);
    files["result.csv"] = to_csv(report);
    Machine resolved = machine;
    resolved.energy = "energy.yaml";  // the folder stands alone: its config.yaml runs as it is
    files["config.yaml"] = to_yaml(resolved);
    files["energy.yaml"] = table.text;
    write_result_folder(*options.output, files);
  }
  if (timeline) timeline->commit();
  return formatted(report, format);
}

}  // namespace lacuna
