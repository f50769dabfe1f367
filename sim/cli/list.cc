// Every topic is a small table of cells; text and JSON are printed from the same cells.
#include "cli/list.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/program_files.h"
#include "base/yaml.h"
#include "cli/engines.h"
#include "datapaths/intersect/skip_rules.h"
#include "machine/config_reader.h"
#include "machine/events.h"
#include "workload/layer.h"

namespace lacuna {

namespace {

struct Cells {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

/// Words of an enumeration with a sentence each; the compiler counts the sentences.
template <typename Enum>
Cells sentences(const std::array<std::string_view, enum_count<Enum>()>& text) {
  Cells cells{{"name", "meaning"}, {}};
  for (std::size_t i = 0; i < text.size(); ++i)
    cells.rows.push_back({std::string(EnumNames<Enum>::names[i]), std::string(text[i])});
  return cells;
}

Cells datapaths() { return sentences<Datapath>({"both operands compressed; each PE joins their masks"}); }

Cells engines() {
  Cells cells{{"name", "meaning"}, {}};
  for (const auto& entry : kEngines) cells.rows.push_back({std::string(entry.name), std::string(entry.sentence)});
  return cells;
}

Cells skip_rules() {
  std::array<std::string_view, enum_count<SkipRule>()> text;
  for (std::size_t i = 0; i < text.size(); ++i)
    with_skip_rule(static_cast<SkipRule>(i), [&](auto rule) { text[i] = decltype(rule)::kSentence; });
  return sentences<SkipRule>(text);
}

Cells actions() {
  Cells cells{{"name", "unit", "component", "meaning"}, {}};
  for (std::size_t i = 0; i < kActions; ++i)
    cells.rows.push_back({std::string(EnumNames<Action>::names[i]), std::string(kActionInfo[i].unit),
                          std::string(kActionInfo[i].component), std::string(kActionInfo[i].sentence)});
  return cells;
}

Cells pair_classes() {
#define X(enumerator, word, sentence) sentence,
  return sentences<PairClass>({LACUNA_PAIR_CLASSES(X)});
#undef X
}

Cells pe_classes() {
#define X(enumerator, word, sentence) sentence,
  return sentences<PeClass>({LACUNA_PE_CLASSES(X)});
#undef X
}

/// Everything that is counted, with the kind of count in front.
Cells events() {
  Cells cells{{"kind", "name", "meaning"}, {}};
  const auto add = [&](const std::string& kind, const Cells& some) {
    for (const auto& row : some.rows) cells.rows.push_back({kind, row.front(), row.back()});
  };
  add("action", actions());
  add("pair class", pair_classes());
  add("PE class", pe_classes());
  return cells;
}

Cells parameter_table() {
  Cells cells{{"name", "default", "legal", "unit", "meaning"}, {}};
  for (const auto& p : parameters(Machine{}))
    cells.rows.push_back({p.name, p.value, p.legal(), std::string(p.unit), std::string(p.sentence)});
  return cells;
}

/// Read from the program's files: the first line of each is what it is for.
Cells presets() {
  const std::filesystem::path folder = program_files() / "configs/presets";
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) files.push_back(entry.path());
  if (error) fail(Place{folder.string()}, "cannot list the presets: {}", error.message());
  std::ranges::sort(files);
  Cells cells{{"name", "file", "meaning"}, {}};
  for (const auto& file : files) {
    const std::string text = yaml::read_text(file);
    std::string_view meaning = std::string_view(text).substr(0, text.find('\n'));
    meaning.remove_prefix(std::min(meaning.find_first_not_of("# "), meaning.size()));
    // As one would type it: from the working folder if it lies below that.
    const std::filesystem::path near = file.lexically_relative(std::filesystem::current_path());
    cells.rows.push_back({file.stem().string(), (*near.begin() == ".." ? file : near).string(), std::string(meaning)});
  }
  return cells;
}

Cells layer_kinds() {
  return sentences<Op>(
      {"convolution with stride, padding, dilation and groups", "convolution with one group per channel",
       "fully connected: every output from all features of an image", "matrix product [M x K] times [K x N]"});
}

Cells formats() {
  return sentences<StorageFormat>({"every value", "a bit per position and the nonzero values",
                                   "run lengths of zeros and the nonzero values",
                                   "relative indices and nonzero values, a pointer per vector"});
}

struct Topic {
  std::string_view name;
  Cells (*cells)();
};

constexpr Topic kTopics[] = {
    {"datapaths", datapaths},   {"engines", engines},
    {"skip_rules", skip_rules}, {"events", events},
    {"actions", actions},       {"pair_classes", pair_classes},
    {"pe_classes", pe_classes}, {"parameters", parameter_table},
    {"presets", presets},       {"layer_kinds", layer_kinds},
    {"formats", formats},
};

/// Not a table: configs/default.yaml as text.
constexpr std::string_view kManual = "manual";

/// All columns to the left: these are words.
std::string as_text(const Cells& cells) {
  std::vector<std::size_t> widths;
  for (const auto& cell : cells.head) widths.push_back(cell.size());
  for (const auto& row : cells.rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add(cells.head);
  for (const auto& row : cells.rows) add(row);
  return out;
}

std::string as_json(const Cells& cells) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& row : cells.rows) {
    auto object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) object[cells.head[i]] = row[i];
    json.push_back(std::move(object));
  }
  return json.dump(2) + "\n";
}

}  // namespace

const std::vector<std::string_view>& list_topics() {
  static const std::vector<std::string_view> topics = [] {
    std::vector<std::string_view> names;
    for (const auto& topic : kTopics) names.push_back(topic.name);
    names.push_back(kManual);
    return names;
  }();
  return topics;
}

std::string list(const ListOptions& options) {
  const auto format = parse_enum<ListFormat>(options.format, Place{"--format"}, "format");
  if (options.what == kManual) {
    if (format != ListFormat::Table) fail(Place{"--format"}, "the manual is YAML; it has no other format");
    return manual();
  }
  for (const auto& topic : kTopics)
    if (topic.name == options.what) return format == ListFormat::Json ? as_json(topic.cells()) : as_text(topic.cells());
  throw UserError(Place{"lacuna list"}, unknown_word("topic", options.what, list_topics()));
}

}  // namespace lacuna
