// Slices are written when they end, so nothing is kept but what is going on. A tile is written before what is in it,
// with blanks for its duration, which are filled in when it ends. All are complete events ("X"): of begin and end
// events ("B", "E") Chrome's DevTools keep one stack for all tracks; and a complete event after one that it holds, with
// the same begin, is drawn inside it by chrome://tracing.
#include "report/timeline.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "machine/family.h"

namespace lacuna {

namespace {

/// The first process of the trace; the headings of the vocabulary follow.
constexpr std::uint32_t kLayers = 1;
/// Track numbers are unique over all processes, as viewers like them.
constexpr std::uint32_t kTracksOfProcess = 100'000;

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

constexpr std::size_t kDurationDigits = 12;

/// Numbers of one width, so that viewers which sort tracks by name show them in order.
std::string padded(std::uint32_t index, std::uint32_t count) {
  return fmt::format("{:0{}}", index, fmt::formatted_size("{}", count - 1));
}

/// What feeds the array stands above the PEs, what they give below, memory last.
constexpr int rank_of(Each each) {
  switch (each) {
    case Each::Row:
      return 0;
    case Each::Column:
      return 1;
    case Each::Pe:
      return 2;
    case Each::Machine:
      return 3;
  }
  throw Bug("unknown Each");
}

/// Values of a record as JSON, with the tile in front if it is to be shown.
std::string args_of(const Record& record, const KindInfo& kind, bool tile) {
  std::string args = tile ? fmt::format("\"tile\":{}", record.tile) : "";
  for (std::size_t i = 0; i < kind.values.size() && !kind.values[i].empty(); ++i)
    args += fmt::format("{}\"{}\":{}", args.empty() ? "" : ",", kind.values[i], record.values[i]);
  return "{" + args + "}";
}

}  // namespace

Timeline::Timeline(const std::filesystem::path& path, const Machine& machine, CycleWindow window,
                   const std::vector<std::pair<std::string, std::string>>& about)
    : file_(path),
      window_(window),
      vocabulary_(family(machine).vocabulary()),
      rows_(machine.array.rows),
      columns_(machine.array.columns),
      transfers_(machine.dram.outstanding) {
  file_.append(kTimelineBegin);
  for (const auto& [name, value] : about) file_.append(fmt::format(", {}: {}", json_text(name), json_text(value)));
  file_.append("},\n\"traceEvents\": [\n");
  layers_.process = kLayers;
  layers_.id = kLayers * kTracksOfProcess;
  make_groups();
  std::uint32_t process = kLayers;
  const auto name_process = [&](std::string_view name) {
    write(fmt::format(R"("ph":"M","pid":{},"name":"process_name","args":{{"name":"{}"}})", process, name));
    write(fmt::format(R"("ph":"M","pid":{0},"name":"process_sort_index","args":{{"sort_index":{0}}})", process));
    ++process;
  };
  name_process("layers");
  for (const Group& group : groups_) name_process(group.name);
  name_track(layers_, 0, "layer");
  for (Group& group : groups_)
    for (std::uint32_t i = 0; i < group.tracks.size(); ++i)
      if (group.track != Each::Machine) name_track(group.tracks[i], i, track_name(group, i));
}

void Timeline::make_groups() {
  // Units by what there is one of each for; those that are alike in that as the vocabulary has them.
  const auto& units = vocabulary_.units;
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rank_of(units[i].each); });
  group_of_.resize(units.size());
  for (const std::size_t i : order) {
    const UnitInfo& unit = units[i];
    const auto at = std::ranges::find_if(
        groups_, [&](const Group& group) { return group.name == unit.group && group.track == unit.track; });
    group_of_[i] = static_cast<std::size_t>(at - groups_.begin());
    if (at != groups_.end()) continue;
    Group group{unit.group, unit.name, unit.track, {}};
    group.tracks.resize(unit.track == Each::Pe       ? std::size_t{rows_} * columns_
                        : unit.track == Each::Row    ? rows_
                        : unit.track == Each::Column ? columns_
                                                     : transfers_);
    const auto process = static_cast<std::uint32_t>(kLayers + 1 + groups_.size());
    for (std::uint32_t t = 0; t < group.tracks.size(); ++t) {
      group.tracks[t].process = process;
      group.tracks[t].id = process * kTracksOfProcess + t;
    }
    groups_.push_back(std::move(group));
  }
}

std::string Timeline::track_name(const Group& group, std::uint32_t index) const {
  switch (group.track) {
    case Each::Machine:
      return index == 0 ? "transfers" : "transfers beside";
    case Each::Row:
      return "row " + padded(index, rows_);
    case Each::Column:
      return "column " + padded(index, columns_);
    case Each::Pe:
      return fmt::format("{} ({}, {})", group.unit, padded(index / columns_, rows_),
                         padded(index % columns_, columns_));
  }
  throw Bug("unknown Each");
}

void Timeline::name_track(const Track& track, std::uint32_t index, std::string_view name) {
  write(fmt::format(R"("ph":"M","pid":{},"tid":{},"name":"thread_name","args":{{"name":"{}"}})", track.process,
                    track.id, name));
  write(fmt::format(R"("ph":"M","pid":{},"tid":{},"name":"thread_sort_index","args":{{"sort_index":{}}})",
                    track.process, track.id, index));
}

std::uint32_t Timeline::row_of(const UnitInfo& unit, std::uint32_t index) const {
  return unit.each == Each::Pe ? index / columns_ : unit.each == Each::Row ? index : 0;
}

std::uint32_t Timeline::column_of(const UnitInfo& unit, std::uint32_t index) const {
  return unit.each == Each::Pe ? index % columns_ : unit.each == Each::Column ? index : 0;
}

Timeline::Track& Timeline::track_of(const Record& record, std::uint16_t unit) {
  const UnitInfo& info = vocabulary_.units[unit];
  Group& group = groups_[group_of_[unit]];
  std::uint32_t index = 0;
  switch (group.track) {
    case Each::Machine: {
      // Slices of a track must not overlap: the first that is free, named when it is used.
      while (index + 1 < group.tracks.size() && group.tracks[index].end > record.cycle) ++index;
      Track& track = group.tracks[index];
      if (!std::exchange(track.named, true)) name_track(track, index, track_name(group, index));
      break;
    }
    case Each::Row:
      index = row_of(info, record.unit);
      break;
    case Each::Column:
      index = column_of(info, record.unit);
      break;
    case Each::Pe:
      index = record.unit;
      break;
  }
  LACUNA_CHECK(index < group.tracks.size(), "there is no {} {}", info.name, record.unit);
  return group.tracks[index];
}

void Timeline::write(std::string_view event) {
  file_.append(first_ ? "{" : ",\n{");
  first_ = false;
  file_.append(event);
  file_.append("}");
}

void Timeline::begin_layer(std::string_view name) { layer_ = json_text(name); }

void Timeline::end_layer(std::uint64_t cycles) {
  for (Group& group : groups_)
    for (Track& track : group.tracks) end_run(track);
  for (Group& group : groups_)
    for (Track& track : group.tracks) {
      leave(track, track.end);
      track.end = 0;
    }
  write(fmt::format(R"("ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"name":{})", layers_.process, layers_.id,
                    layer_begin_, cycles, layer_));
  layer_begin_ += cycles;
}

void Timeline::commit() {
  file_.append("\n]}\n");
  file_.commit();
}

void Timeline::enter(Track& track, std::uint64_t tile, std::uint64_t cycle) {
  if (track.tile == tile) return;
  leave(track, track.end);
  track.tile = tile;
  track.tile_begin = cycle;
}

void Timeline::leave(Track& track, std::uint64_t cycle) {
  if (track.tile_shown)
    file_.replace(
        track.duration_at,
        fmt::format("{:>{}}", std::min(cycle, window_.to) - std::max(track.tile_begin, window_.from), kDurationDigits));
  track.tile_shown = false;
  track.tile.reset();
}

void Timeline::slice(Track& track, std::uint64_t begin, std::uint64_t end, std::string_view name,
                     std::string_view args) {
  track.end = end;
  begin = std::max(begin, window_.from);
  end = std::min(end, window_.to);
  if (begin >= end) return;
  if (track.tile && !track.tile_shown) {
    track.tile_shown = true;
    write(fmt::format(R"("ph":"X","pid":{},"tid":{},"ts":{},"name":"tile {}","dur":{:>{}})", track.process, track.id,
                      layer_begin_ + std::max(track.tile_begin, window_.from), *track.tile, 0, kDurationDigits));
    track.duration_at = file_.size() - kDurationDigits - 1;  // before the brace
  }
  write(fmt::format(R"("ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"name":"{}"{})", track.process, track.id,
                    layer_begin_ + begin, end - begin, name,
                    args.empty() ? std::string() : fmt::format(",\"args\":{}", args)));
}

void Timeline::grow(Track& track, const Record& record, const KindInfo& kind) {
  if (track.run != record.spent || track.end != record.cycle) {
    end_run(track);
    track.run = record.spent;
    track.run_begin = record.cycle;
  }
  track.end = record.cycle + 1;
  if (!kind.enters_tile || record.values[0] == 0) return;
  track.sum += record.values[0];
  track.sum_name = kind.values[0];
}

void Timeline::end_run(Track& track) {
  if (!track.run) return;
  const std::int64_t sum = std::exchange(track.sum, 0);
  slice(track, track.run_begin, track.end, name_of(*track.run),
        sum == 0 ? std::string() : fmt::format(R"({{"{}":{}}})", track.sum_name, sum));
  track.run.reset();
}

void Timeline::instant(const Track& track, std::uint64_t cycle, std::string_view name, std::string_view args) {
  if (cycle < window_.from || cycle >= window_.to) return;
  write(fmt::format(R"("ph":"i","s":"t","pid":{},"tid":{},"ts":{},"name":"{}","args":{})", track.process, track.id,
                    layer_begin_ + cycle, name, args));
}

void Timeline::on(const Record& record) {
  LACUNA_CHECK(record.kind < vocabulary_.kinds.size(), "there is no kind of record {}", record.kind);
  const KindInfo& kind = vocabulary_.kinds[record.kind];
  if (kind.shown == Shown::No) return;
  Track& track = track_of(record, kind.unit);
  const UnitInfo& unit = vocabulary_.units[kind.unit];
  const std::uint64_t begin = kind.ends ? record.cycle + 1 - record.cycles : record.cycle;
  const auto text = [&] {
    return fmt::format(fmt::runtime(kind.slice), fmt::arg("tile", record.tile), fmt::arg("step", record.step),
                       fmt::arg("row", row_of(unit, record.unit)), fmt::arg("column", column_of(unit, record.unit)));
  };
  if (kind.enters_tile && track.tile != record.tile) {
    end_run(track);
    enter(track, record.tile, begin);
  }
  switch (kind.shown) {
    case Shown::No:
      break;
    case Shown::Cycles:
      LACUNA_CHECK(record.spent.has_value(), "record '{}' does not say how its cycle was spent", kind.name);
      grow(track, record, kind);
      break;
    case Shown::Slice:
      end_run(track);
      slice(track, begin, begin + record.cycles, text(), args_of(record, kind, false));
      break;
    case Shown::Mark:
      if (kind.leaves_tile) end_run(track);
      instant(track, record.cycle, text(), args_of(record, kind, kind.has_tile));
      break;
  }
  if (kind.leaves_tile) leave(track, kind.shown == Shown::Mark ? record.cycle : track.end);
}

}  // namespace lacuna
