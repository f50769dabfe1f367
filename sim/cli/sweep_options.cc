// Declared apart from the other commands: sweeps have many options.
#include "cli/sweep_options.h"

#include <fmt/format.h>

#include "base/error.h"
#include "sweep/export.h"

namespace lacuna {

CLI::App* add_sweep(CLI::App& app, SweepOptions& o, OptionWords& words) {
  CLI::App* sweep = app.add_subcommand("sweep", "Run a design space; goes on where an earlier run was stopped");
  sweep->add_option("SWEEP", o.sweep, "Sweep file: base configurations, workloads, axes")->required();
  sweep
      ->add_option("-o,--output", o.output,
                   "Store of the results, FILE.sqlite or a folder for it; NAME.sqlite if not given")
      ->type_name("STORE");
  sweep->add_option("--jobs", o.jobs, "Points computed at the same time; one a core if not given")->type_name("N");
  sweep->add_option("--shard", o.shard, "Only part I of N of the points, for example 2/5")->type_name("I/N");
  const std::vector<std::string_view> formats(EnumNames<ExportFormat>::names.begin(),
                                              EnumNames<ExportFormat>::names.end());
  auto* format = sweep->add_option("--export", o.export_format,
                                   fmt::format("Write the points to standard output: {}", join(formats)));
  format->type_name("WORD");
  words[format] = formats;
  const std::vector<std::string_view> kinds(EnumNames<ExportRows>::names.begin(), EnumNames<ExportRows>::names.end());
  auto* rows = sweep->add_option("--rows", o.rows, fmt::format("A row of --export is one of: {}", join(kinds)))
                   ->capture_default_str();
  rows->type_name("WORD");
  words[rows] = kinds;
  sweep->add_flag("--dry-run", o.dry_run, "Check everything and say how many points there are; run nothing")
      ->disable_flag_override();
  sweep
      ->add_flag("--slurm", o.slurm,
                 "Run the points, of a search each generation, as an array of tasks under Slurm, follow and merge them")
      ->disable_flag_override();
  sweep->add_option("--shards", o.shards, "Tasks of --slurm; 4 if not given")->type_name("N");
  sweep->add_option("--sbatch", o.sbatch, "Option for sbatch, for example --sbatch=--partition=short; may be repeated")
      ->allow_extra_args(false)
      ->type_name("OPTION");
  sweep
      ->add_option("--points", o.points,
                   "Only the points that FILE lists, searches too; tasks of --slurm are given such a file")
      ->type_name("FILE");
  return sweep;
}

CLI::App* add_merge(CLI::App& app, MergeOptions& o) {
  CLI::App* merge = app.add_subcommand("merge", "Put the points of other stores into one");
  merge->add_option("STORE", o.store, "The store that takes them; made if missing")->required();
  merge->add_option("SHARD", o.shards, "Stores to take from; they stay as they are")->required();
  return merge;
}

}  // namespace lacuna
