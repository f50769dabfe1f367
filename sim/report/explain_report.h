// What is said of an explanation: sentences, table, JSON, CSV; and the JSON read back, for pages.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "explain/explain.h"
#include "machine/config.h"

namespace lacuna {

struct ExplainReport {
  std::string version;  ///< of the program
  Machine machine;
  std::string config_hash;
  std::string workload, source, workload_hash;
  Explanation explanation;
};

/// Two or three sentences, for someone with ten seconds: the limit that costs most, the cheapest change, what is left.
std::vector<std::string> explain_sentences(const ExplainReport& report);
/// For people: a line for each limit, the settings of the runs, and last the sentences. Lines are at most `width` wide,
/// if words allow.
std::string explain_table(const ExplainReport& report, std::size_t width);
/// For programs, and for `lacuna report`.
std::string explain_json(const ExplainReport& report);
/// For spreadsheets: a line for each limit and layer, and one for all layers together.
std::string explain_csv(const ExplainReport& report);

/// An explanation as a page shows it.
struct ExplainPage {
  std::string file;  ///< where it was read
  std::string version;
  std::string machine;  ///< its name
  std::string config_hash;
  std::string workload, source, workload_hash;
  std::vector<std::string> sentences;
  std::vector<std::string> layers;
  std::uint64_t cycles = 0;  ///< of the machine as it is
  struct Row {
    std::string limit, sentence, evidence;
    std::vector<std::string> settings;
    std::vector<std::int64_t> won;  ///< [layer]
  };
  std::vector<Row> rows;
};

/// Whether `path` is a file that begins as explain_json() does. False, too, for what cannot be read.
bool is_explanation(const std::filesystem::path& path);
/// Reads what explain_json() wrote. UserError, one line, if it is damaged.
ExplainPage read_explanation(const std::filesystem::path& path);

/// The first bytes of every file of explain_json().
constexpr std::string_view kExplanationBegin = "{\n  \"kind\": \"explanation\",\n";

}  // namespace lacuna
