#include "check/traced_event.h"

#include <fmt/format.h>

namespace lacuna {

std::vector<std::string_view> value_names(EventKind kind) {
  switch (kind) {
    case EventKind::Group:
      return {"executed", "wasted", "gated", "psum"};
    case EventKind::Kill:
      return {"slots"};
    case EventKind::Wait:
      return {"class"};
    case EventKind::Open:
      return {"skipped"};
    case EventKind::Stop:
      return {"terminated", "skipped"};
    case EventKind::Retire:
      return {"psum"};
    case EventKind::SendWeights:
    case EventKind::SendActivations:
      return {"bytes", "destinations"};
    case EventKind::Drain:
      return {"value"};
    case EventKind::Fetch:
      return {"cycles"};
    case EventKind::Write:
      return {"cycles", "bytes"};
  }
  throw Bug("unknown kind of event");
}

std::string text_of(const TracedEvent& event) {
  std::string text = fmt::format("cycle {} {}", event.cycle, name_of(event.kind));
  if (event.kind == EventKind::Wait) return fmt::format("{} {}", text, name_of(static_cast<PeClass>(event.values[0])));
  if (event.kind != EventKind::Retire) text += fmt::format(" tile {}", event.tile);
  if (event.kind == EventKind::Fetch)
    text += fmt::format(" block {}", event.step);
  else if (event.kind != EventKind::Retire && event.kind != EventKind::Drain && event.kind != EventKind::Write)
    text += fmt::format(" step {}", event.step);
  const auto names = value_names(event.kind);
  for (std::size_t i = 0; i < names.size(); ++i) text += fmt::format(" {} {}", names[i], event.values[i]);
  return text;
}

Unit unit_of(const TracedEvent& event) {
  switch (event.kind) {
    case EventKind::SendWeights:
      return {Unit::Kind::RowFeeder, event.unit};
    case EventKind::SendActivations:
      return {Unit::Kind::ColumnFeeder, event.unit};
    case EventKind::Drain:
      return {Unit::Kind::Drain, event.unit};
    case EventKind::Fetch:
      return {Unit::Kind::Fetches, 0};
    case EventKind::Write:
      return {Unit::Kind::Writes, 0};
    default:
      return {Unit::Kind::Pe, event.unit};
  }
}

std::string text_of(const Unit& unit, std::uint32_t columns) {
  switch (unit.kind) {
    case Unit::Kind::Pe:
      return fmt::format("PE ({}, {})", unit.index / columns, unit.index % columns);
    case Unit::Kind::RowFeeder:
      return fmt::format("row feeder {}", unit.index);
    case Unit::Kind::ColumnFeeder:
      return fmt::format("column feeder {}", unit.index);
    case Unit::Kind::Drain:
      return fmt::format("drain of PE ({}, {})", unit.index / columns, unit.index % columns);
    case Unit::Kind::Fetches:
      return "memory (fetches)";
    case Unit::Kind::Writes:
      return "memory (writes)";
  }
  throw Bug("unknown kind of unit");
}

}  // namespace lacuna
