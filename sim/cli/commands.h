// The command line: every command and option once. Help, completion and the errors of wrong words are derived from it.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "cli/sweep_options.h"

namespace lacuna {

enum class Format { Table, Json, Csv };
enum class ListFormat { Table, Json };
enum class Shell { Bash, Zsh, Fish };

template <>
struct EnumNames<Format> {
  static constexpr std::array<std::string_view, 3> names = {"table", "json", "csv"};
};
template <>
struct EnumNames<ListFormat> {
  static constexpr std::array<std::string_view, 2> names = {"table", "json"};
};
template <>
struct EnumNames<Shell> {
  static constexpr std::array<std::string_view, 3> names = {"bash", "zsh", "fish"};
};

struct RunOptions {
  std::string config, workload;
  std::string engine = "fast";
  std::string format = "table";
  std::vector<std::string> layers;
  std::vector<std::string> assignments;
  std::optional<std::string> output;
  std::optional<std::string> timeline;
  std::string timeline_cycles;
  std::optional<unsigned> threads;  ///< all cores
  bool no_verify = false;
  bool no_wrap = false;
  bool timing_only = false;
  bool all_layers = false;
  bool no_dense = false;
  bool force = false;
  std::optional<std::string> sample;  ///< "5%"
  std::uint64_t sample_seed = 1;
};

struct ExplainOptions {
  std::string config, workload;
  std::string format = "table";
  std::vector<std::string> layers;
  std::vector<std::string> assignments;
  std::optional<std::string> output;
  std::optional<unsigned> threads;  ///< all cores
  bool force = false;
};

struct CheckOptions {
  std::string config, workload;
  std::vector<std::string> engines;
  std::string compare = "cycles";
  std::string rtl;
  std::vector<std::string> layers;
  std::vector<std::string> assignments;
  std::optional<std::uint64_t> random;
  std::string datapath;  ///< of random machines; "": the default family
  std::uint64_t seed = 1;
  std::uint64_t geometries = 6;
  std::optional<std::string> stall;
  std::string waves, keep;
  bool no_shrink = false;
  bool force = false;
};

struct CompareOptions {
  std::string base, now;
  std::string format = "table";
  std::string fail_above;            ///< "1%"; "" for no gate
  std::vector<std::string> fail_on;  ///< words of GateFigure; all if empty
  bool each_layer = false;
  bool other_workload = false;
  std::string rtl;  ///< an edited copy of rtl/: BASE and NEW are then CONFIG and WORKLOAD
  std::vector<std::string> layers, assignments;
  bool no_area = false;
};

struct ReportOptions {
  std::vector<std::string> results;
  std::string output;
  bool force = false;
};

struct ImportOptions {
  std::string kind;
  std::vector<std::string> files;
  std::string output;
  std::string network;
  std::vector<std::string> densities;  ///< "weights=0.5", "input=0.6"
  bool relu = false;
  std::optional<std::uint64_t> images;
  std::string input_size;            ///< "56x56"
  std::vector<std::string> k_order;  ///< "C=64", "R=3", "S=3"
  std::vector<std::string> inputs;   ///< "x.npy", "NAME=x.npy"
};

struct PruneOptions {
  std::string workload;
  std::optional<std::string> pattern;  ///< "2:4"
  std::optional<std::string> density;  ///< "0.3"
  bool global = false;
  std::vector<std::string> layers;
  std::string output;
};

struct TuneOptions {
  std::string file;
  std::string output;
  std::string input, labels;             ///< "": none
  std::string loss, lost;                ///< "1%"; "": none
  std::optional<std::uint64_t> profile;  ///< half of the images
  std::uint64_t record = 4;
  std::string test_input, test_labels;
  std::optional<unsigned> threads;  ///< all cores
};

struct ListOptions {
  std::string what;
  std::string datapath;  ///< "": all, or of the manual the default family
  std::string format = "table";
};

struct CompletionOptions {
  std::string shell;
};

class Commands {
 public:
  Commands();

  CLI::App app;
  CLI::App* run = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* check = nullptr;
  CLI::App* compare = nullptr;
  CLI::App* sweep = nullptr;
  CLI::App* merge = nullptr;
  CLI::App* report = nullptr;
  CLI::App* import = nullptr;
  CLI::App* prune = nullptr;
  CLI::App* tune = nullptr;
  CLI::App* list = nullptr;
  CLI::App* completion = nullptr;
  RunOptions run_options;
  ExplainOptions explain_options;
  CheckOptions check_options;
  CompareOptions compare_options;
  SweepOptions sweep_options;
  MergeOptions merge_options;
  ReportOptions report_options;
  ImportOptions import_options;
  PruneOptions prune_options;
  TuneOptions tune_options;
  ListOptions list_options;
  CompletionOptions completion_options;

  /// Options and arguments that take one of a few words; the others take files or free text.
  OptionWords words;

  /// One line for a mistake CLI11 found, with the nearest legal word where the mistake is a misspelling.
  [[nodiscard]] std::string reworded(const CLI::ParseError& error) const;

 private:
  /// Words of completion that no list has: "array.rows=", "systemc,rtl".
  void add_made_words();
  void add_explain();
  void add_compare();
  void add_report();
  void add_import();
  void add_prune();
  void add_tune();

  std::vector<std::string> made_words_;  ///< what views in `words` look at
};

}  // namespace lacuna
