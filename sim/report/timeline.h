// What did every unit do, cycle by cycle? A trace in a format that many viewers open.
//
// Chrome's trace-event JSON; one cycle is shown as one microsecond, and layers follow each other as they run. Tracks:
//
//   layers             one slice a layer
//   row feeders        tile > message or end token            one track a row (weights)
//   column feeders     tile > message or end token            one track a column (activations)
//   PEs                tile > run of cycles of one class      one track a PE; every PE-cycle is in exactly one slice;
//                                                             marks for the stop and the result of a tile
//   drain              tile > result                          one track a column
//   memory             fetch of a block, write of a tile
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "machine/config.h"
#include "machine/event_sink.h"

namespace lacuna {

/// Cycles [from, to) of each layer.
struct CycleWindow {
  std::uint64_t from = 0, to = UINT64_MAX;
};

/// Writes the trace as events come: memory is a few words a track and a buffer, however long the run.
class Timeline : public EventSink {
 public:
  /// `about`: names and values a reader needs to know which run this is. UserError if `path` cannot be written.
  Timeline(const std::filesystem::path& path, const Machine& machine, CycleWindow window,
           const std::vector<std::pair<std::string, std::string>>& about);

  /// Events until the next call belong to this layer, whose first cycle comes after the last one of the layer before.
  void begin_layer(std::string_view name);
  /// The layer took `cycles`.
  void end_layer(std::uint64_t cycles);
  /// Puts the file in its place.
  void commit();

  void on(const event::Group& e) override;
  void on(const event::Kill& e) override;
  void on(const event::Wait& e) override;
  void on(const event::Open&) override {}
  void on(const event::Stop& e) override;
  void on(const event::Retire& e) override;
  void on(const event::Send& e) override;
  void on(const event::Drain& e) override;
  void on(const event::Fetch& e) override;
  void on(const event::Write& e) override;

 private:
  /// One line of the viewer: the slice of a tile, and in it slices that follow each other.
  struct Track {
    std::uint32_t process = 0;
    std::uint32_t id = 0;
    std::optional<std::uint64_t> tile;
    std::uint64_t tile_begin = 0;
    bool tile_shown = false;        ///< it has been written, without its duration; not before something in it is
    std::uint64_t duration_at = 0;  ///< where in the file that goes
    std::uint64_t end = 0;          ///< of the latest slice
    // Of a PE: the run of cycles of one class that is still growing.
    std::optional<PeClass> run;
    std::uint64_t run_begin = 0;
    std::uint64_t pairs = 0;  ///< executed in the run
  };

  void add_track(std::vector<Track>& tracks, std::uint32_t process, std::uint32_t index, std::string_view name);
  void write(std::string_view event);
  /// Enters `tile` at `cycle`, leaving the one before where its last slice ended.
  void enter(Track& track, std::uint64_t tile, std::uint64_t cycle);
  /// Ends the slice of the tile at `cycle`.
  void leave(Track& track, std::uint64_t cycle);
  /// A mark at `cycle` of the layer, if it is in the window. `args` is JSON.
  void instant(const Track& track, std::uint64_t cycle, std::string_view name, std::string_view args);
  /// A slice [begin, end) of the layer, cut to the window. `args` is JSON or "".
  void slice(Track& track, std::uint64_t begin, std::uint64_t end, std::string_view name, std::string_view args = {});
  void grow(Track& pe, std::uint64_t cycle, PeClass what, std::uint64_t pairs);
  void end_run(Track& pe);

  StagedFile file_;
  CycleWindow window_;
  std::uint32_t columns_, row_bus_bytes_, column_bus_bytes_;
  bool first_ = true;
  std::uint64_t layer_begin_ = 0;  ///< cycles of the layers before
  std::string layer_;              ///< as JSON text
  std::vector<Track> layers_, rows_, column_feeders_, pes_, drains_, memory_;
};

}  // namespace lacuna
