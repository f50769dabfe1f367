#include "report/notes_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "report/number_text.h"

namespace lacuna {

namespace {

constexpr std::size_t kMostTexts = 3, kMostNames = 3;

/// A text and the layers that have it.
struct Note {
  std::string text;
  std::vector<std::string> layers;
};

/// Notes that begin with the same words.
struct Kind {
  std::string name;  ///< "generated tensors"; "" where a note has no ": "
  std::vector<Note> notes;
};

template <typename Entry, typename Key>
Entry& entry(std::vector<Entry>& entries, Key Entry::*key, const Key& value) {
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.*key == value; });
  if (at != entries.end()) return *at;
  entries.emplace_back().*key = value;
  return entries.back();
}

std::vector<Kind> kinds_of(const Report& report) {
  std::vector<Kind> kinds;
  for (const auto& layer : report.layers)
    for (const auto& text : layer.outcome.notes) {
      const auto colon = text.find(": ");
      Kind& kind = entry(kinds, &Kind::name, colon == std::string::npos ? text : text.substr(0, colon));
      entry(kind.notes, &Note::text, text).layers.push_back(layer.outcome.name);
    }
  return kinds;
}

std::string names(const Note& note, const TableOptions& options) {
  if (options.all_layers || note.layers.size() <= kMostNames) return fmt::format("{}", fmt::join(note.layers, ", "));
  return fmt::format("{} layers", note.layers.size());
}

}  // namespace

std::string notes_text(const Report& report, const TableOptions& options) {
  std::string out = "\nNotes\n";
  const auto add = [&](const std::string& line) { out += wrapped("  " + line, options.width, 4) + "\n"; };
  for (const auto& kind : kinds_of(report)) {
    if (kind.notes.size() > kMostTexts && !options.all_layers) {
      std::size_t layers = 0;
      for (const auto& note : kind.notes) layers += note.layers.size();
      add(fmt::format("{} of {} layers: {}: {} different notes; --all-layers shows them", layers, report.layers.size(),
                      kind.name, kind.notes.size()));
      continue;
    }
    for (const auto& note : kind.notes)
      add(note.layers.size() == report.layers.size() ? note.text
                                                     : fmt::format("{}: {}", names(note, options), note.text));
  }
  add("util.: busy PE-cycles of all; GOP/s: 2 operations for every dense pair, skipped ones too");
  return out;
}

}  // namespace lacuna
