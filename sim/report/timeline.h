// What did every unit do, cycle by cycle? A trace in a format that many viewers open.
//
// Chrome's trace-event JSON; one cycle is shown as one microsecond, and layers follow each other as they run. Tracks:
//
//   layers                  one slice a layer
//   a heading each          units of the machine's vocabulary with one heading, rows first, then columns, PEs, memory:
//                           tile > what a unit did, with the values it reported; marks for what takes no time
//
// Cycles of PEs that follow each other in one class are one slice, and every PE-cycle is in exactly one. Its argument
// is the sum of the first value of those records that belong to a tile, "executed" for example.
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
#include "machine/record.h"

namespace lacuna {

/// Cycles [from, to) of each layer.
struct CycleWindow {
  std::uint64_t from = 0, to = UINT64_MAX;
};

/// The first bytes of every trace.
constexpr std::string_view kTimelineBegin = R"({"otherData": {"unit": "1 us is 1 cycle")";

/// Writes the trace as records come: memory is a few words a track and a buffer, however long the run.
class Timeline : public RecordSink {
 public:
  /// `about`: names and values a reader needs to know which run this is. UserError if `path` cannot be written.
  Timeline(const std::filesystem::path& path, const Machine& machine, CycleWindow window,
           const std::vector<std::pair<std::string, std::string>>& about);

  /// Records until the next call belong to this layer, whose first cycle comes after the last one of the layer before.
  void begin_layer(std::string_view name);
  /// The layer took `cycles`.
  void end_layer(std::uint64_t cycles);
  /// Puts the file in its place.
  void commit();

  void on(const Record& record) override;

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
    bool named = false;             ///< of those of the whole machine, which are named when they are used
    // The run of cycles of one class that is still growing.
    std::optional<PeClass> run;
    std::uint64_t run_begin = 0;
    std::string_view sum_name;  ///< of the value that the run adds up
    std::int64_t sum = 0;
  };
  /// Units with one heading that share tracks.
  struct Group {
    std::string_view name;
    std::string_view unit;  ///< what the first of them is called
    Each track = Each::Pe;
    std::vector<Track> tracks;
  };

  void make_groups();
  [[nodiscard]] std::string track_name(const Group& group, std::uint32_t index) const;
  void name_track(const Track& track, std::uint32_t index, std::string_view name);
  /// Where a unit stands in the array; 0 if it belongs to no row or no column.
  [[nodiscard]] std::uint32_t row_of(const UnitInfo& unit, std::uint32_t index) const;
  [[nodiscard]] std::uint32_t column_of(const UnitInfo& unit, std::uint32_t index) const;
  /// `unit`: index in Vocabulary::units.
  Track& track_of(const Record& record, std::uint16_t unit);
  void write(std::string_view event);
  /// Enters `tile` at `cycle`, leaving the one before where its last slice ended.
  void enter(Track& track, std::uint64_t tile, std::uint64_t cycle);
  /// Ends the slice of the tile at `cycle`.
  void leave(Track& track, std::uint64_t cycle);
  /// A mark at `cycle` of the layer, if it is in the window. `args` is JSON.
  void instant(const Track& track, std::uint64_t cycle, std::string_view name, std::string_view args);
  /// A slice [begin, end) of the layer, cut to the window. `args` is JSON or "".
  void slice(Track& track, std::uint64_t begin, std::uint64_t end, std::string_view name, std::string_view args = {});
  /// A cycle of a PE joins the run of its class, or begins one.
  void grow(Track& track, const Record& record, const KindInfo& kind);
  void end_run(Track& track);

  StagedFile file_;
  CycleWindow window_;
  const Vocabulary& vocabulary_;
  std::uint32_t rows_, columns_;
  std::uint32_t transfers_;  ///< that may overlap
  bool first_ = true;
  std::uint64_t layer_begin_ = 0;  ///< cycles of the layers before
  std::string layer_;              ///< as JSON text
  Track layers_;
  std::vector<Group> groups_;          ///< in the order of the trace
  std::vector<std::size_t> group_of_;  ///< [of Vocabulary::units]
};

}  // namespace lacuna
