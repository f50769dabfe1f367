// Slices are written when they end, so nothing is kept but what is going on. A tile is written before what is in it,
// with blanks for its duration, which are filled in when it ends. All are complete events ("X"): of begin and end
// events ("B", "E") Chrome's DevTools keep one stack for all tracks; and a complete event after one that it holds, with
// the same begin, is drawn inside it by chrome://tracing.
#include "report/timeline.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace lacuna {

namespace {

/// Processes of the trace, in the order in which viewers show them.
enum Process : std::uint32_t { kLayers = 1, kRowFeeders, kColumnFeeders, kPes, kDrain, kMemory };
constexpr std::string_view kProcessNames[] = {
    "", "layers", "row feeders (weights)", "column feeders (activations)", "PEs", "drain buses", "memory"};
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

}  // namespace

Timeline::Timeline(const std::filesystem::path& path, const Machine& machine, CycleWindow window,
                   const std::vector<std::pair<std::string, std::string>>& about)
    : file_(path),
      window_(window),
      columns_(machine.array.columns),
      row_bus_bytes_(machine.weights.bus_bytes),
      column_bus_bytes_(machine.activations.bus_bytes) {
  file_.append("{\"otherData\": {\"unit\": \"1 us is 1 cycle\"");
  for (const auto& [name, value] : about) file_.append(fmt::format(", {}: {}", json_text(name), json_text(value)));
  file_.append("},\n\"traceEvents\": [\n");
  for (std::uint32_t process = kLayers; process <= kMemory; ++process) {
    write(fmt::format(R"("ph":"M","pid":{},"name":"process_name","args":{{"name":"{}"}})", process,
                      kProcessNames[process]));
    write(fmt::format(R"("ph":"M","pid":{0},"name":"process_sort_index","args":{{"sort_index":{0}}})", process));
  }
  const std::uint32_t rows = machine.array.rows;
  add_track(layers_, kLayers, 0, "layer");
  for (std::uint32_t r = 0; r < rows; ++r) add_track(rows_, kRowFeeders, r, "row " + padded(r, rows));
  for (std::uint32_t c = 0; c < columns_; ++c)
    add_track(column_feeders_, kColumnFeeders, c, "column " + padded(c, columns_));
  for (std::uint32_t r = 0; r < rows; ++r)
    for (std::uint32_t c = 0; c < columns_; ++c)
      add_track(pes_, kPes, r * columns_ + c, fmt::format("PE ({}, {})", padded(r, rows), padded(c, columns_)));
  for (std::uint32_t c = 0; c < columns_; ++c) add_track(drains_, kDrain, c, "column " + padded(c, columns_));
  add_track(memory_, kMemory, 0, "transfers");
}

void Timeline::add_track(std::vector<Track>& tracks, std::uint32_t process, std::uint32_t index,
                         std::string_view name) {
  Track track;
  track.process = process;
  track.id = process * kTracksOfProcess + index;
  tracks.push_back(track);
  write(fmt::format(R"("ph":"M","pid":{},"tid":{},"name":"thread_name","args":{{"name":"{}"}})", process, track.id,
                    name));
  write(fmt::format(R"("ph":"M","pid":{},"tid":{},"name":"thread_sort_index","args":{{"sort_index":{}}})", process,
                    track.id, index));
}

void Timeline::write(std::string_view event) {
  file_.append(first_ ? "{" : ",\n{");
  first_ = false;
  file_.append(event);
  file_.append("}");
}

void Timeline::begin_layer(std::string_view name) { layer_ = json_text(name); }

void Timeline::end_layer(std::uint64_t cycles) {
  for (Track& pe : pes_) end_run(pe);
  for (auto* tracks : {&rows_, &column_feeders_, &pes_, &drains_})
    for (Track& track : *tracks) leave(track, track.end);
  write(fmt::format(R"("ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"name":{})", kLayers, layers_[0].id, layer_begin_,
                    cycles, layer_));
  layer_begin_ += cycles;
  for (auto* tracks : {&rows_, &column_feeders_, &pes_, &drains_, &memory_})
    for (Track& track : *tracks) track.end = 0;
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

void Timeline::grow(Track& pe, std::uint64_t cycle, PeClass what, std::uint64_t pairs) {
  if (pe.run != what || pe.end != cycle) {
    end_run(pe);
    pe.run = what;
    pe.run_begin = cycle;
  }
  pe.end = cycle + 1;
  pe.pairs += pairs;
}

void Timeline::end_run(Track& pe) {
  if (!pe.run) return;
  const std::uint64_t pairs = std::exchange(pe.pairs, 0);
  slice(pe, pe.run_begin, pe.end, name_of(*pe.run),
        pairs == 0 ? std::string() : fmt::format(R"({{"executed":{}}})", pairs));
  pe.run.reset();
}

void Timeline::on(const event::Group& e) {
  Track& pe = pes_[e.pe];
  if (pe.tile != e.tile) {
    end_run(pe);
    enter(pe, e.tile, e.cycle);
  }
  const PeClass what = e.executed + e.wasted != 0 ? PeClass::Busy : e.gated != 0 ? PeClass::Gated : PeClass::Bubble;
  grow(pe, e.cycle, what, e.executed);
}

void Timeline::on(const event::Kill& e) { grow(pes_[e.pe], e.cycle, PeClass::Bubble, 0); }

void Timeline::on(const event::Wait& e) { grow(pes_[e.pe], e.cycle, e.why, 0); }

void Timeline::instant(const Track& track, std::uint64_t cycle, std::string_view name, std::string_view args) {
  if (cycle < window_.from || cycle >= window_.to) return;
  write(fmt::format(R"("ph":"i","s":"t","pid":{},"tid":{},"ts":{},"name":"{}","args":{})", track.process, track.id,
                    layer_begin_ + cycle, name, args));
}

void Timeline::on(const event::Stop& e) {
  instant(pes_[e.pe], e.cycle, "stop", fmt::format(R"({{"tile":{},"terminated":{}}})", e.tile, e.terminated));
}

/// The sum has left: the tile is over for this PE.
void Timeline::on(const event::Retire& e) {
  Track& pe = pes_[e.pe];
  end_run(pe);
  instant(pe, e.cycle, "result", fmt::format(R"({{"psum":{}}})", e.psum));
  leave(pe, e.cycle);
}

void Timeline::on(const event::Send& e) {
  const bool weights = e.side == event::Side::Weights;
  Track& track = (weights ? rows_ : column_feeders_)[e.line];
  const std::uint32_t bus = weights ? row_bus_bytes_ : column_bus_bytes_;
  const std::uint64_t words = std::max<std::uint64_t>(1, (std::uint64_t{e.bytes} + bus - 1) / bus);
  const std::uint64_t begin = e.cycle + 1 - words;
  enter(track, e.tile, begin);
  slice(track, begin, e.cycle + 1, e.bytes == 0 ? "end token" : fmt::format("step {}", e.step),
        fmt::format(R"({{"bytes":{},"PEs":{}}})", e.bytes, e.destinations));
}

void Timeline::on(const event::Drain& e) {
  Track& track = drains_[e.pe % columns_];
  enter(track, e.tile, e.cycle);
  slice(track, e.cycle, e.cycle + 1, fmt::format("row {}", e.pe / columns_), fmt::format(R"({{"value":{}}})", e.value));
}

void Timeline::on(const event::Fetch& e) {
  const Block& block = e.tile->blocks[e.block];
  slice(memory_[0], e.cycle, e.cycle + e.cycles, fmt::format("fetch tile {} block {}", e.tile->index, e.block),
        fmt::format(R"({{"dram_bytes":{},"buffer_bytes":{}}})", block.dram_bytes, block.buffer_bytes));
}

void Timeline::on(const event::Write& e) {
  slice(memory_[0], e.cycle, e.cycle + e.cycles, fmt::format("write tile {}", e.tile),
        fmt::format(R"({{"bytes":{},"dram_bytes":{}}})", e.bytes, e.dram_bytes));
}

}  // namespace lacuna
