#include "check/record_text.h"

#include <fmt/format.h>

#include "base/error.h"

namespace lacuna {

namespace {

const KindInfo& kind_of(const Record& record, const Vocabulary& vocabulary) {
  LACUNA_CHECK(record.kind < vocabulary.kinds.size(), "there is no kind of record {}", record.kind);
  return vocabulary.kinds[record.kind];
}

}  // namespace

Unit unit_of(const Record& record, const Vocabulary& vocabulary) {
  return {kind_of(record, vocabulary).unit, record.unit};
}

std::string text_of(const Unit& unit, const Vocabulary& vocabulary, std::uint32_t columns) {
  const UnitInfo& info = vocabulary.units[unit.info];
  switch (info.each) {
    case Each::Machine:
      return std::string(info.name);
    case Each::Row:
    case Each::Column:
      return fmt::format("{} {}", info.name, unit.index);
    case Each::Pe:
      return fmt::format("{} ({}, {})", info.name, unit.index / columns, unit.index % columns);
  }
  throw Bug("unknown Each");
}

std::string text_of(const Record& record, const Vocabulary& vocabulary) {
  const KindInfo& kind = kind_of(record, vocabulary);
  std::string text = fmt::format("cycle {} {}", record.cycle, kind.name);
  if (kind.has_tile) text += fmt::format(" tile {}", record.tile);
  if (!kind.step.empty()) text += fmt::format(" {} {}", kind.step, record.step);
  if (!kind.ends && record.cycles != 1) text += fmt::format(" cycles {}", record.cycles);
  if (record.spent && kind.values[0].empty()) text += fmt::format(" {}", name_of(*record.spent));
  for (std::size_t i = 0; i < kind.values.size() && !kind.values[i].empty(); ++i)
    text += fmt::format(" {} {}", kind.values[i], record.values[i]);
  return text;
}

}  // namespace lacuna
