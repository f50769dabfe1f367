// A comparison as tables: for the terminal, and as Markdown for pull requests.
#include <cmath>

#include "report/compare.h"
#include "report/number_text.h"
#include "report/text_table.h"

namespace lacuna {

namespace {

std::string text_of(const Quantity& quantity) {
  if (const auto* count = std::get_if<std::uint64_t>(&quantity)) return grouped(*count);
  return grouped_tenths(std::get<double>(quantity));
}

std::string difference(const ChangeRow& row) {
  if (const auto* base = std::get_if<std::uint64_t>(&row.base))
    return grouped_difference(*base, std::get<std::uint64_t>(row.now));
  const double change = std::get<double>(row.now) - std::get<double>(row.base);
  return change == 0 ? "0" : (change < 0 ? "-" : "+") + grouped_tenths(std::abs(change));
}

std::string value_or_dash(const std::string& value) { return value.empty() ? "-" : value; }

/// Of cycles: "1.25x faster", of all else "1.25x less".
std::string times(const ChangeSection& section, const ChangeRow& row) {
  const bool time = section.key == "cycles";
  return times_text(to_double(row.base), to_double(row.now), time ? "faster" : "less", time ? "slower" : "more");
}

/// The figures that people ask for, of all layers together: "3.30x faster, energy 1.51x less".
std::string headline(const ResultComparison& c) {
  std::string text;
  for (const std::string_view key : {"cycles", "energy"}) {
    const ChangeSection* section = c.section(key);
    if (!section) continue;
    const std::string words = times(*section, section->rows.back());
    const bool said_alone = key == "cycles" && words != "equal" && words != "-";
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", said_alone ? "" : fmt::format("{} ", key), words);
  }
  return text;
}

/// What made the difference, if it can be said in a line: "from intersect.skip both -> weights"; "" if nothing changed.
std::string cause(const ResultComparison& c) {
  constexpr std::size_t kMost = 3;
  if (c.settings.empty()) return "";
  if (c.settings.size() > kMost) return fmt::format("; {} settings differ", c.settings.size());
  std::string text = "; from ";
  for (std::size_t i = 0; i < c.settings.size(); ++i)
    text += fmt::format("{}{} {} -> {}", i == 0 ? "" : ", ", c.settings[i].name, value_or_dash(c.settings[i].base),
                        value_or_dash(c.settings[i].now));
  return text;
}

/// With more layers than this, only what differs is listed, and classes only for all of them together.
constexpr std::size_t kMostLayers = 64;

bool many(const ResultComparison& c) { return c.section("cycles")->rows.size() > kMostLayers + 1; }

/// Sections of one figure show every layer; the others only rows that differ.
std::vector<const ChangeRow*> shown(const ResultComparison& c, const ChangeSection& section) {
  std::vector<const ChangeRow*> rows;
  const std::string& total = section.rows.back().layer;
  for (const auto& row : section.rows) {
    const bool is_total = row.layer == total;
    if (section.column.empty() ? is_total || !many(c) || row.differs() : row.differs() && (is_total || !many(c)))
      rows.push_back(&row);
  }
  return rows;
}

std::string left_out(const ResultComparison& c) {
  if (!many(c)) return "Rows of classes and components with equal figures are left out.";
  return fmt::format(
      "There are many {}s: rows with equal figures are left out, and classes of single {}s; --format json has "
      "all.",
      c.base->part, c.base->part);
}

std::vector<std::string> head_of(const ResultComparison& c, const ChangeSection& section) {
  std::vector<std::string> head = {c.base->part};
  if (!section.column.empty()) head.push_back(section.column);
  head.insert(head.end(), {"base", "new", "difference", "new is"});
  return head;
}

std::vector<std::string> cells_of(const ChangeSection& section, const ChangeRow& row) {
  std::vector<std::string> cells = {row.layer};
  if (!section.column.empty()) cells.push_back(row.name);
  cells.insert(cells.end(), {text_of(row.base), text_of(row.now), difference(row), times(section, row)});
  return cells;
}

std::string side(std::string_view word, const Result& result) {
  const std::string what = result.part == "layer" ? fmt::format("machine {}, config {}", result.parameter("name"),
                                                                result.config_hash.substr(0, 8))
                                                  : fmt::format("{} {}s", result.layers.size(), result.part);
  return fmt::format("{}  {}: lacuna {}, engine {}, {}, workload {}\n", word, result.file, result.version,
                     result.engine, what, result.workload);
}

constexpr std::string_view kNothingChanged = "same configuration, energy table, workload, engine and version";

/// Text inside a Markdown table or line: what would end a cell, begin markup or be HTML is made harmless.
std::string markdown(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\n' || c == '\r')
      out += ' ';
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (std::string_view("|`*_[]\\~#@").find(c) != std::string_view::npos)
      (out += '\\') += c;
    else
      out += c;
  }
  return out;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const auto& cell : cells) out += " " + markdown(cell) + " |";
  return out + "\n";
}

/// The first `left` columns are aligned to the left, the others to the right.
std::string markdown_head(const std::vector<std::string>& cells, std::size_t left) {
  std::string out = markdown_row(cells) + "|";
  for (std::size_t i = 0; i < cells.size(); ++i) out += i < left ? "---|" : "--:|";
  return out + "\n";
}

}  // namespace

std::string compare_table(const ResultComparison& c, const GateVerdict* verdict) {
  std::string out = fmt::format("new against base: {}{}\n", headline(c), cause(c));
  out += side("base", *c.base) + side("new ", *c.now);
  for (const auto& warning : c.warnings) out += fmt::format("warning: {}\n", warning);
  out += "\nWhat changed\n";
  if (c.settings.empty()) {
    out += fmt::format("  nothing: {}\n", kNothingChanged);
  } else {
    TextTable table({"", "base", "new"}, 3);
    for (const auto& s : c.settings) table.add({s.name, value_or_dash(s.base), value_or_dash(s.now)});
    out += table.text();
  }
  for (const auto& section : c.sections) {
    const auto rows = shown(c, section);
    out += fmt::format("\n{}\n", section.title);
    if (rows.empty()) {
      out += "  nothing changed\n";
      continue;
    }
    TextTable table(head_of(c, section), section.column.empty() ? 1 : 2);
    for (const auto* row : rows) table.add(cells_of(section, *row));
    out += table.text();
  }
  out += fmt::format("\n{}\n", left_out(c));
  if (verdict) {
    out += fmt::format("\nGate {}\n", verdict->passes ? "passed" : "FAILED");
    for (const auto& line : verdict->lines) out += fmt::format("  {}\n", line);
  }
  return out;
}

std::string compare_markdown(const ResultComparison& c, const GateVerdict* verdict) {
  std::string out = fmt::format("### lacuna compare: {}{}\n\n", headline(c), markdown(cause(c)));
  if (verdict) {
    out += fmt::format("**Gate {}**\n\n", verdict->passes ? "passed" : "FAILED");
    for (const auto& line : verdict->lines) out += fmt::format("- {}\n", markdown(line));
    out += "\n";
  }
  for (const auto& warning : c.warnings) out += fmt::format("> warning: {}\n\n", markdown(warning));
  out += fmt::format("Base {}, new {}; workload {}.\n\n", markdown(c.base->file), markdown(c.now->file),
                     markdown(c.now->workload));
  if (c.settings.empty()) {
    out += fmt::format("Nothing changed in the settings: {}.\n", kNothingChanged);
  } else {
    out += markdown_head({"changed", "base", "new"}, 3);
    for (const auto& s : c.settings) out += markdown_row({s.name, value_or_dash(s.base), value_or_dash(s.now)});
  }
  for (const auto& section : c.sections) {
    const auto rows = shown(c, section);
    const bool folded = !section.column.empty();
    if (rows.empty()) {
      out += fmt::format("\n{}: nothing changed.\n", section.title);
      continue;
    }
    out += folded ? fmt::format("\n<details><summary>{}</summary>\n\n", section.title)
                  : fmt::format("\n**{}**\n\n", section.title);
    out += markdown_head(head_of(c, section), folded ? 2 : 1);
    for (const auto* row : rows) out += markdown_row(cells_of(section, *row));
    if (folded) out += "\n</details>\n";
  }
  return out;
}

}  // namespace lacuna
