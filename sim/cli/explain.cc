#include "cli/explain.h"

#include <atomic>
#include <optional>

#include "base/atomic_file.h"
#include "cli/choose_layers.h"
#include "cli/hints.h"
#include "cli/progress.h"
#include "cli/target_file.h"
#include "cli/thread_option.h"
#include "machine/config_reader.h"
#include "report/explain_report.h"

namespace lacuna {

namespace {

LayerSource source_of(const Workload& workload, const std::vector<std::size_t>& indices) {
  LayerSource source;
  for (const std::size_t index : indices) {
    const ConvShape& shape = workload.shape(index);
    const std::uint64_t weights = std::uint64_t{shape.M} * (shape.C / shape.groups) * shape.R * shape.S;
    source.names.push_back(workload.layer_names()[index]);
    source.work.push_back(weights + shape.dense_pairs() / 64);  // to draw them, and to multiply a chunk of them
  }
  source.load = [&workload, indices](std::size_t layer) { return workload.load(indices[layer]); };
  return source;
}

std::string formatted(const ExplainReport& report, Format format) {
  switch (format) {
    case Format::Table:
      return explain_table(report, terminal_width());
    case Format::Json:
      return explain_json(report);
    case Format::Csv:
      return explain_csv(report);
  }
  throw Bug("unknown Format");
}

}  // namespace

std::string explain(const ExplainOptions& options) {
  const auto format = parse_enum<Format>(options.format, Place{"--format"}, "format");
  const unsigned threads = thread_count(options.threads);
  std::optional<StagedFile> file;  // a name that cannot be written is refused before anything runs
  if (options.output) {
    if (options.output->empty()) fail(Place{"--output"}, "the name is empty");
    check_target_file(*options.output, kExplanationBegin, "explanation of lacuna", options.force);
    file.emplace(*options.output);
  }
  check_kinds(options.config, options.workload);
  ExplainReport report;
  report.version = LACUNA_VERSION;
  report.machine = read_machine(options.config, options.assignments).machine;
  report.config_hash = config_hash(report.machine);
  const Workload workload = Workload::open(options.workload);
  report.workload = workload.name();
  report.source = workload.source();
  report.workload_hash = workload.hash();
  const LayerSource source = source_of(workload, chosen_layers(workload, options.layers));
  const auto engine = make_engine(EngineKind::Fast);
  {
    TerminalProgress progress;
    std::atomic<std::size_t> begun = 0;
    const std::size_t layers = source.names.size();
    report.explanation = explain(*engine, report.machine, source, threads, [&](std::size_t layer) {
      progress.layer(source.names[layer], begun++ % layers, layers);
    });
  }
  if (file) {
    file->append(explain_json(report));
    file->commit();
  }
  return formatted(report, format);
}

}  // namespace lacuna
