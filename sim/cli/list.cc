// Every topic is a small table of cells; text and JSON are printed from the same cells.
#include "cli/list.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "base/program_files.h"
#include "base/yaml.h"
#include "machine/config_reader.h"
#include "machine/counts.h"
#include "machine/engine.h"
#include "machine/family.h"
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

/// The families that a list is about.
using Families = std::span<const Family* const>;

Cells datapaths(Families all) {
  Cells cells{{"name", "meaning"}, {}};
  for (const Family* family : all) cells.rows.push_back({std::string(family->name()), std::string(family->sentence())});
  return cells;
}

Cells engines(Families) { return sentences<EngineKind>(kEngineSentences); }

/// Each action once, with the families that count it.
Cells actions(Families all) {
  Cells cells{{"name", "unit", "component", "datapaths", "meaning"}, {}};
  for (const Family* family : all)
    for (const ActionInfo& info : family->actions().infos()) {
      const auto at = std::ranges::find(cells.rows, info.name, [](const auto& row) { return row.front(); });
      if (at != cells.rows.end())
        (*at)[3] += fmt::format(", {}", family->name());
      else
        cells.rows.push_back({std::string(info.name), std::string(info.unit), std::string(info.component),
                              std::string(family->name()), std::string(info.sentence)});
    }
  return cells;
}

Cells pair_classes(Families) {
#define X(enumerator, word, sentence) sentence,
  return sentences<PairClass>({LACUNA_PAIR_CLASSES(X)});
#undef X
}

Cells pe_classes(Families) {
#define X(enumerator, word, sentence) sentence,
  return sentences<PeClass>({LACUNA_PE_CLASSES(X)});
#undef X
}

/// What a record says beside its cycle and unit: "tile, step, executed, wasted".
std::string values_of(const KindInfo& kind) {
  std::vector<std::string_view> names;
  if (kind.has_tile) names.push_back("tile");
  if (!kind.step.empty()) names.push_back(kind.step);
  for (const auto name : kind.values)
    if (!name.empty()) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Everything that is counted or reported, with what it is in front.
Cells events(Families all) {
  Cells cells{{"kind", "name", "meaning"}, {}};
  const auto add = [&](const std::string& kind, const Cells& some) {
    for (const auto& row : some.rows) cells.rows.push_back({kind, row.front(), row.back()});
  };
  add("action", actions(all));
  add("pair class", pair_classes(all));
  add("PE class", pe_classes(all));
  for (const Family* family : all)
    for (const KindInfo& kind : family->vocabulary().kinds) {
      const std::string values = values_of(kind);
      cells.rows.push_back({fmt::format("record of {}", family->name()), std::string(kind.name),
                            fmt::format("{}: {}", family->vocabulary().units[kind.unit].name,
                                        values.empty() ? "how the cycle was spent" : values)});
    }
  return cells;
}

Cells parameter_table(Families all) {
  Cells cells{{"name", "default", "legal", "unit", "meaning"}, {}};
  for (const auto& p : all.size() == 1 ? parameters(Machine(datapath_of(*all.front()))) : all_parameters())
    cells.rows.push_back({p.name, p.value, p.legal(), std::string(p.unit), std::string(p.sentence)});
  return cells;
}

/// Read from the program's files: the first line of each is what it is for.
Cells files_of(std::string_view folder, std::string_view what) {
  Cells cells{{"name", "file", "meaning"}, {}};
  for (const auto& file : config_files(folder, what)) {
    const std::string text = yaml::read_text(file);
    std::string_view meaning = std::string_view(text).substr(0, text.find('\n'));
    meaning.remove_prefix(std::min(meaning.find_first_not_of("# "), meaning.size()));
    // As one would type it: from the working folder if it lies below that.
    const std::filesystem::path near = file.lexically_relative(std::filesystem::current_path());
    cells.rows.push_back({file.stem().string(), (*near.begin() == ".." ? file : near).string(), std::string(meaning)});
  }
  return cells;
}

Cells presets(Families) { return files_of("presets", "presets"); }
Cells dram(Families) { return files_of("dram", "DRAM channels"); }

Cells layer_kinds(Families) {
  return sentences<Op>(
      {"convolution with stride, padding, dilation and groups", "convolution with one group per channel",
       "fully connected: every output from all features of an image", "matrix product [M x K] times [K x N]"});
}

Cells formats(Families) {
  return sentences<StorageFormat>({"every value", "a bit per position and the nonzero values",
                                   "run lengths of zeros and the nonzero values",
                                   "relative indices and nonzero values, a pointer per vector"});
}

struct Topic {
  std::string_view name;
  Cells (*cells)(Families);
  bool of_families = false;  ///< --datapath chooses a part of it
};

/// Between the second and third: the lists of words that families have.
constexpr Topic kTopics[] = {
    {"datapaths", datapaths},
    {"engines", engines},
    {"events", events, true},
    {"actions", actions, true},
    {"pair_classes", pair_classes},
    {"pe_classes", pe_classes},
    {"parameters", parameter_table, true},
    {"presets", presets},
    {"dram", dram},
    {"layer_kinds", layer_kinds},
    {"formats", formats},
};
constexpr std::size_t kBeforeWordLists = 2;

/// Not a table: a configuration as text.
constexpr std::string_view kManual = "manual";

/// The lists of words of all families; two families that use a name have different words below it.
Cells words_called(std::string_view name, Families all) {
  Cells cells{{"name", "meaning"}, {}};
  for (const Family* family : all)
    for (const WordList& list : family->word_lists())
      if (list.name == name)
        for (const auto& [word, sentence] : list.words)
          cells.rows.push_back({std::string(word), std::string(sentence)});
  return cells;
}

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
    for (const auto& topic : kTopics) {
      if (names.size() == kBeforeWordLists)
        for (const Family* family : families())
          for (const WordList& list : family->word_lists())
            if (std::ranges::find(names, list.name) == names.end()) names.push_back(list.name);
      names.push_back(topic.name);
    }
    names.push_back(kManual);
    return names;
  }();
  return topics;
}

std::string list(const ListOptions& options) {
  const auto format = parse_enum<ListFormat>(options.format, Place{"--format"}, "format");
  const auto formatted = [&](const Cells& cells) {
    return format == ListFormat::Json ? as_json(cells) : as_text(cells);
  };
  std::optional<Datapath> datapath;
  if (!options.datapath.empty()) datapath = datapath_called(options.datapath, Place{"--datapath"});
  if (options.what == kManual) {
    if (format != ListFormat::Table) fail(Place{"--format"}, "the manual is YAML; it has no other format");
    return manual(datapath.value_or(Datapath{}));
  }
  const Family* const only = datapath ? &family(*datapath) : nullptr;
  const Families all = only == nullptr ? families() : Families(&only, 1);
  for (const auto& topic : kTopics) {
    if (topic.name != options.what) continue;
    if (only != nullptr && !topic.of_families)
      fail(Place{"--datapath"}, "'{}' is the same for every family; leave --datapath out", options.what);
    return formatted(topic.cells(all));
  }
  const auto& topics = list_topics();
  if (std::ranges::find(topics, options.what) == topics.end())
    throw UserError(Place{"lacuna list"}, unknown_word("topic", options.what, topics));
  return formatted(words_called(options.what, all));
}

}  // namespace lacuna
