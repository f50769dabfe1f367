// The options of `lacuna sweep` and `lacuna merge`.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

struct SweepOptions {
  std::string sweep;
  std::optional<std::string> output;  ///< NAME.sqlite in this folder
  unsigned jobs = 0;                  ///< 0: one a core
  std::string shard;                  ///< "2/5"
  std::string export_format;
  std::string rows = "points";
  bool dry_run = false;
  bool slurm = false;
  std::uint64_t shards = 0;         ///< of --slurm; 0: 4
  std::vector<std::string> sbatch;  ///< options for sbatch
  std::string points;               ///< file of the points to compute
};

struct MergeOptions {
  std::string store;
  std::vector<std::string> shards;
};

/// Options and arguments that take one of a few words.
using OptionWords = std::map<const CLI::Option*, std::vector<std::string_view>>;

CLI::App* add_sweep(CLI::App& app, SweepOptions& options, OptionWords& words);
CLI::App* add_merge(CLI::App& app, MergeOptions& options);

}  // namespace lacuna
