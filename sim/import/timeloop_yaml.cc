#include "import/timeloop_yaml.h"

#include <algorithm>

#include "import/text_lines.h"

namespace lacuna::imports {

namespace fs = std::filesystem;
using yaml::Kind;
using yaml::Node;

namespace {

constexpr int kDeepestInclude = 8;

/// The problem every layer of Timeloop's example networks includes: a convolution with groups, all extents 1.
constexpr std::string_view kProblemBase = R"(problem_base: &problem_base
  version: 0.4
  instance: {N: 1, C: 1, G: 1, R: 1, S: 1, M: 1, P: 1, Q: 1, Wstride: 1, Hstride: 1, Wdilation: 1, Hdilation: 1}
  shape:
    dimensions: [C, M, R, S, N, P, Q, G]
    coefficients:
      - {name: Wstride, default: 1}
      - {name: Hstride, default: 1}
      - {name: Wdilation, default: 1}
      - {name: Hdilation, default: 1}
    data_spaces:
      - {name: Weights, projection: [[[C]], [[M]], [[R]], [[S]], [[G]]]}
      - {name: Inputs, projection: [[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]], [[G]]]}
      - {name: Outputs, projection: [[[N]], [[M]], [[Q]], [[P]], [[G]]], read_write: true}
)";

/// The file of {{include_text('FILE')}} or with double quotes, "" for any other expression.
std::string_view included(std::string_view expression) {
  const auto strip = [&](std::string_view begin, std::string_view end) {
    expression = trimmed(expression);
    if (!expression.starts_with(begin) || !expression.ends_with(end) || expression.size() < begin.size() + end.size())
      return false;
    expression.remove_prefix(begin.size());
    expression.remove_suffix(end.size());
    return true;
  };
  if (!strip("{{", "}}") || !strip("include_text", "") || !strip("(", ")")) return "";
  return strip("'", "'") || strip("\"", "\"") ? expression : "";
}

/// The text of a file with its includes, and where each of its lines is from.
class Text {
 public:
  void add(const fs::path& path, int depth) {
    const std::vector<std::string> lines = read_lines(path);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Place place{path.string(), static_cast<int>(i) + 1, 1};
      const std::string_view line = trimmed(lines[i]);
      if (!line.starts_with("{{") && !line.starts_with("{%")) {
        append(lines[i], place);
        continue;
      }
      const std::string_view name = included(line);
      if (name.empty()) fail(place, "template expression '{}' is not known; legal: {{{{include_text('FILE')}}}}", line);
      if (depth == kDeepestInclude) fail(place, "includes are nested deeper than {}", kDeepestInclude);
      include(path.parent_path() / name, place, depth);
    }
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Where line `place.line` of the text is from.
  [[nodiscard]] Place origin(const Place& place) const {
    if (place.line < 1 || static_cast<std::size_t>(place.line) > origins_.size()) return {origins_.front().file};
    const Place& line = origins_[static_cast<std::size_t>(place.line) - 1];
    return {line.file, line.line, place.column};
  }

  std::vector<std::string> notes;

 private:
  void append(std::string_view line, const Place& place) {
    text_ += line;
    text_ += '\n';
    origins_.push_back(place);
  }
  void include(const fs::path& path, const Place& place, int depth) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      add(path, depth + 1);
    } else if (path.filename() == "problem_base.yaml") {
      for (const std::string& line : split_lines(kProblemBase)) append(line, place);
      notes.push_back(
          fmt::format("line {}: there is no '{}'; Timeloop's own problem_base, a convolution with groups, is "
                      "taken for it",
                      place.line, path.string()));
    } else {
      fail(place, "there is no file '{}' to include", path.string());
    }
  }

  std::string text_;
  std::vector<Place> origins_;
};

void set_origins(Node& node, const Text& text) {
  node.place = text.origin(node.place);
  for (Node& item : node.items) set_origins(item, text);
  for (auto& [key, value] : node.entries) {
    key.place = text.origin(key.place);
    set_origins(value, text);
  }
}

/// Takes over what `into` does not have of `from`; `deep`: also inside maps that both have, and items of lists.
void merge(Node& into, const Node& from, bool deep) {
  for (const auto& [key, value] : from.entries) {
    const auto own = std::find_if(into.entries.begin(), into.entries.end(),
                                  [&](const auto& entry) { return entry.first.text == key.text; });
    if (own == into.entries.end())
      into.entries.emplace_back(key, value);
    else if (deep && own->second.kind == Kind::Map && value.kind == Kind::Map)
      merge(own->second, value, deep);
    else if (deep && own->second.kind == Kind::Sequence && value.kind == Kind::Sequence)
      own->second.items.insert(own->second.items.end(), value.items.begin(), value.items.end());
  }
}

void carry_out_merges(Node& node) {
  for (Node& item : node.items) carry_out_merges(item);
  for (auto& entry : node.entries) carry_out_merges(entry.second);
  for (std::size_t i = 0; i < node.entries.size();) {
    const std::string word = node.entries[i].first.text;
    if (word != "<<" && word != "<<<") {
      ++i;
      continue;
    }
    const auto [key, value] = std::move(node.entries[i]);
    node.entries.erase(node.entries.begin() + static_cast<std::ptrdiff_t>(i));
    const std::vector<Node> maps = value.kind == Kind::Sequence ? value.items : std::vector<Node>{value};
    for (const Node& map : maps) {
      if (map.kind != Kind::Map) fail(key.place, "'{}' takes over the keys of a map or of several maps", word);
      merge(node, map, word == "<<<");
    }
  }
}

}  // namespace

TimeloopDocument read_timeloop_yaml(const fs::path& path) {
  Text text;
  text.add(path, 0);
  TimeloopDocument document;
  const std::string name = path.string();
  try {
    document.root = yaml::load_text(text.text(), name);
  } catch (const UserError& error) {  // it counts lines of the whole text
    if (error.place().line == 0) throw;
    std::string said = error.what();
    const std::string prefix = error.place().text() + ": ";
    if (said.starts_with(prefix)) said.erase(0, prefix.size());
    constexpr std::string_view kFirst = "; first in line ";  // of a key given twice
    if (const std::size_t first = said.rfind(kFirst); first != std::string::npos)
      if (const auto line = whole_number(std::string_view(said).substr(first + kFirst.size())))
        said.replace(first + kFirst.size(), std::string::npos,
                     fmt::format("{}", text.origin({"", static_cast<int>(*line), 1}).line));
    throw UserError(text.origin(error.place()), said);
  }
  set_origins(document.root, text);
  carry_out_merges(document.root);
  document.notes = std::move(text.notes);
  return document;
}

}  // namespace lacuna::imports
