// A layer as work for the array, for the clocked engines: tiles, their steps and messages, and the blocks in which
// memory delivers them. The words are those of README.md and of the page of the fabric.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "datapaths/fabric/block.h"
#include "datapaths/fabric/geometry.h"
#include "datapaths/fabric/layer_values.h"
#include "datapaths/fabric/side.h"
#include "datapaths/fabric/tile_order.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/weight_order.h"
#include "machine/index.h"
#include "machine/memory_plan.h"
#include "workload/layer.h"

namespace lacuna::gather {

using fabric::Block;
using fabric::Geometry;
using fabric::kNoTileIndex;

/// What a feeder sends: a group of entries or a filter (weights), a segment or an input tile (activations).
struct Message {
  std::span<const Entry> entries;                  ///< weights
  const std::int32_t* values = nullptr;            ///< activations: [window][length], resident: [address]
  std::uint32_t length = 0;                        ///< activations: values of one window, resident: of the input tile
  std::uint32_t segment = 0;                       ///< that it belongs to
  bool segment_first = true, segment_last = true;  ///< weights: of the row's groups in the segment
  std::uint32_t bytes = 0;                         ///< on the bus
  std::uint32_t words = 0;                         ///< of the buffer; cycles of the bus
};

/// The filters of a tile. Shared by tiles that differ in windows only.
struct FilterTile {
  std::vector<std::uint32_t> filters;  ///< [row] output channels
  std::vector<std::int64_t> bias;      ///< [row]
  struct Line {
    std::vector<Entry> entries;
    std::vector<Message> messages;          ///< [step of the row]
    std::vector<std::uint32_t> in_segment;  ///< [segment] entries
    Checks checks;                          ///< where lanes may stop, if they may in this layer
  };
  std::vector<Line> rows;
};

/// The windows of a tile. Shared by tiles that differ in filters only.
struct WindowTile {
  struct Line {
    std::uint64_t first = 0;    ///< window (image x P + p) x Q + q
    std::uint32_t windows = 0;  ///< first .. first + windows - 1
    std::vector<std::int32_t> values;
    std::vector<Message> messages;  ///< [segment]
  };
  std::vector<Line> columns;
};

struct Tile : Geometry {
  TileIndex index;
  std::shared_ptr<const FilterTile> filters;
  std::shared_ptr<const WindowTile> windows;
  std::vector<Block> blocks;            ///< begin, end: segments
  std::vector<std::uint32_t> block_of;  ///< [segment]

  // What the fabric asks.
  [[nodiscard]] std::uint32_t steps_of(fabric::Side side, std::uint32_t line) const {
    return static_cast<std::uint32_t>(messages(side, line).size());
  }
  [[nodiscard]] std::uint32_t block_at(fabric::Side side, std::uint32_t line, StepIndex step) const {
    return block_of[messages(side, line)[step].segment];
  }
  [[nodiscard]] const Message& message(fabric::Side side, std::uint32_t line, Column, StepIndex step) const {
    return messages(side, line)[step];
  }
  [[nodiscard]] std::uint32_t results_of(Column column) const { return windows->columns[column].windows; }
  [[nodiscard]] std::uint32_t results() const {
    std::uint32_t all = 0;
    for (const auto& column : windows->columns) all += column.windows * rows;
    return all;
  }
  [[nodiscard]] std::uint32_t filter(Row row, Column) const { return filters->filters[row]; }
  [[nodiscard]] std::uint64_t window(Column column, std::uint32_t result) const {
    return windows->columns[column].first + result;
  }
  [[nodiscard]] std::uint64_t left_out() const { return 0; }

 private:
  [[nodiscard]] const std::vector<Message>& messages(fabric::Side side, std::uint32_t line) const {
    return side == fabric::Side::Weights ? filters->rows[line].messages : windows->columns[line].messages;
  }
};

/// Where windows and the store of a PE lie: README.md, sections Work and Resident.
struct Placement {
  std::uint32_t windows = 1;    ///< of a column at most: of a window group, or of an input tile
  std::uint32_t per_row = 1;    ///< columns' worth of work in an output row
  std::uint32_t columns = 0;    ///< resident: of the input tile, with all its kernel rows and channels
  std::uint32_t positions = 0;  ///< resident: of the input tile
};

class Lowering {
 public:
  /// UserError if the configuration is none, the layer does not fit it or an operand buffer does not hold a step twice.
  Lowering(const Machine& machine, const Layer& layer);
  ~Lowering();

  [[nodiscard]] const Machine& machine() const { return machine_; }
  [[nodiscard]] const Layer& layer() const { return layer_; }
  [[nodiscard]] std::uint64_t tiles() const { return order_.tiles(); }
  /// Lanes stop at sums that ReLU will clip, or that the layer's prediction takes to be clipped.
  [[nodiscard]] bool stops() const { return stops_; }
  /// They stop at the latter, too.
  [[nodiscard]] bool predicts() const { return predicts_; }
  /// Stops refused and why, a pattern that the layer does not have, the order that `auto` took.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  /// Every position is an entry.
  [[nodiscard]] bool every_position() const { return dense_; }
  [[nodiscard]] const Placement& placement() const { return placement_; }
  /// Positions of the reduction.
  [[nodiscard]] std::uint32_t positions() const { return values_.positions(); }

  using Position = fabric::TilePosition;
  /// Which filters and windows tile `index` takes.
  [[nodiscard]] Position position(TileIndex index) const { return order_.position(index); }
  /// The PEs that tile `index` maps, without building it.
  [[nodiscard]] Geometry geometry(TileIndex index) const { return geometry(position(index)); }
  [[nodiscard]] Geometry geometry(const Position& at) const;
  /// The last tile that maps the PE, if any does.
  [[nodiscard]] std::optional<TileIndex> last_tile(Row row, Column column) const;
  /// What comes from DRAM for which tile.
  [[nodiscard]] const MemoryPlan& plan() const { return *plan_; }
  [[nodiscard]] std::uint32_t output_bytes() const { return values_.output_bytes(); }

  /// UserError if some half of an operand buffer does not hold what comes at once.
  void check_buffers() const;

  /// Tile `index`. Cheap when asked in ascending order: what neighbours share is built once.
  std::shared_ptr<const Tile> tile(TileIndex index);

 private:
  template <typename Part>
  using Latest = std::pair<std::pair<std::uint32_t, std::uint32_t>, std::shared_ptr<const Part>>;  ///< (group, tile)

  /// The most nonzero weights in a block of N:M.
  [[nodiscard]] std::uint32_t most_in_block() const;
  [[nodiscard]] std::uint32_t segment_length(std::uint32_t segment) const;
  /// The entries of a segment of a filter.
  void add_segment(const std::int32_t* values, std::uint32_t length, std::vector<Entry>& entries) const;
  void add_stream(FilterTile::Line& line, const std::int32_t* values) const;
  void add_resident(FilterTile::Line& line, const std::int32_t* values, std::uint32_t filter) const;
  [[nodiscard]] std::shared_ptr<const FilterTile> filter_tile(std::uint32_t group, std::uint32_t index) const;
  [[nodiscard]] std::shared_ptr<const WindowTile> window_tile(std::uint32_t group, std::uint32_t index) const;
  std::shared_ptr<Tile> cut(TileIndex index);
  /// UserError if half of a buffer of `feeder`, the section `name`, does not hold `words`.
  void check_fits(std::string_view name, const FeederConfig& feeder, std::uint64_t words) const;
  void cut_blocks(Tile& tile) const;
  void add_fetches(Tile& tile, const Tile* previous) const;

  const Machine& machine_;
  const Config& config_;
  const Layer& layer_;
  fabric::LayerValues values_;
  Placement placement_;
  bool stops_ = false, predicts_ = false;
  bool dense_ = false;  ///< every position is an entry
  std::uint32_t segments_ = 1;
  std::uint64_t units_ = 0;                            ///< columns' worth of work
  std::uint32_t filter_tiles_ = 0, window_tiles_ = 0;  ///< of one group
  fabric::TileOrder order_;
  std::unique_ptr<MemoryPlan> plan_;
  std::vector<std::string> notes_;
  std::shared_ptr<const Tile> latest_;  ///< the tile last asked for
  Latest<FilterTile> latest_filters_;
  Latest<WindowTile> latest_windows_;
};

/// UserError, at the name of a parameter, if the parameters of `machine` do not go together.
void check_combination(const Machine& machine);
/// Where the windows of `layer` lie; UserError if an input tile does not fit the store of a PE.
[[nodiscard]] Placement place(const Machine& machine, const Layer& layer);

}  // namespace lacuna::gather
