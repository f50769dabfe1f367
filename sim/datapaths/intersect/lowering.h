// A layer as work for the array: tiles, their steps and messages, and the blocks in which memory delivers them, for the
// clocked engines; the engine without a clock cuts its own by the same page, and a test compares the two
// (one_lowering_test.cc). The words are those of sim/datapaths/intersect/README.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datapaths/fabric/block.h"
#include "datapaths/fabric/geometry.h"
#include "datapaths/fabric/layer_values.h"
#include "datapaths/fabric/side.h"
#include "datapaths/fabric/tile_order.h"
#include "datapaths/intersect/config.h"
#include "machine/index.h"
#include "machine/memory_plan.h"
#include "sparse/mask.h"
#include "workload/layer.h"

namespace lacuna::intersect {

/// Places of operands in a tile: filters of the rows (or PEs) that hold them, windows of the columns.
using FilterStream = Index<struct OfFilterStream>;
using WindowStream = Index<struct OfWindowStream>;

using fabric::Block;
using fabric::BlockPosition;
using fabric::Geometry;
using fabric::kNoTileIndex;

/// Which weights a walk over the reduction takes.
enum class Pass : std::uint8_t { All, Positive, Negative };

/// One chunk of one pass.
struct Step {
  Pass pass = Pass::All;
  std::uint32_t chunk = 0;
  bool first = false;       ///< of the tile
  bool last = false;        ///< of the tile
  bool check_each = false;  ///< after each group the sum can only fall
  bool check_end = false;   ///< after the last group the sum can only fall
};

/// One compressed chunk of one operand stream.
struct Message {
  Mask mask;                             ///< nonzero values (weights: of the pass's sign)
  Mask owned;                            ///< positions the pass is responsible for (weights only)
  const std::int32_t* values = nullptr;  ///< [chunk] by position; only those in `mask` count
  std::uint32_t bytes = 0;               ///< on the bus
  std::uint32_t words = 0;               ///< of the buffer; cycles of the bus
};

/// The filters of a tile: steps, weight messages, blocks' weight words. Shared by tiles that differ in windows only.
struct FilterTile {
  std::uint32_t group = 0;
  Per<FilterStream, std::uint32_t> filters;  ///< output channels, in tile order
  Per<FilterStream, std::int64_t> bias;
  std::vector<Step> steps;
  std::vector<Message> messages;     ///< [stream][step]
  std::vector<std::int32_t> values;  ///< [stream][chunk x chunks], what messages point into
  std::uint64_t left_out = 0;        ///< positions of all streams that no step owns: zero weights
  [[nodiscard]] const Message& message(FilterStream stream, StepIndex step) const {
    return messages[std::size_t{stream} * steps.size() + step];
  }
};

/// The windows of a tile. Shared by tiles that differ in filters only.
struct WindowTile {
  std::uint32_t group = 0;
  Per<WindowStream, std::uint64_t> windows;  ///< (image x P + p) x Q + q
  std::vector<Message> messages;             ///< [stream][chunk]
  std::vector<std::int32_t> values;          ///< [stream][chunk x chunks]
  std::uint32_t chunks = 0;
  [[nodiscard]] const Message& message(WindowStream stream, std::uint32_t chunk) const {
    return messages[std::size_t{stream} * chunks + chunk];
  }
};

struct Tile : Geometry {
  TileIndex index;
  Mapping mapping = Mapping::FiltersWindows;
  std::uint32_t array_rows = 0;  ///< of the machine
  std::shared_ptr<const FilterTile> filters;
  std::shared_ptr<const WindowTile> windows;
  std::vector<Block> blocks;
  std::vector<std::uint32_t> block_of;  ///< the block of each step

  [[nodiscard]] FilterStream filter_stream(Row row, Column column) const {
    return FilterStream(mapping == Mapping::FiltersWindows ? std::uint32_t{row} : column * array_rows + row);
  }
  [[nodiscard]] WindowStream window_stream(Column column) const {
    return WindowStream(mapping == Mapping::FiltersWindows ? std::uint32_t{column} : 0);
  }
  [[nodiscard]] const std::vector<Step>& steps() const { return filters->steps; }
  [[nodiscard]] const Message& weight_message(Row row, Column column, StepIndex step) const {
    return filters->message(filter_stream(row, column), step);
  }
  [[nodiscard]] const Message& activation_message(Column column, StepIndex step) const {
    return windows->message(window_stream(column), steps()[step].chunk);
  }

  // What the fabric asks. Both operands walk the same steps; a PE has one result.
  [[nodiscard]] std::uint32_t steps_of(fabric::Side, std::uint32_t /*line*/) const {
    return static_cast<std::uint32_t>(steps().size());
  }
  [[nodiscard]] std::uint32_t block_at(fabric::Side, std::uint32_t /*line*/, StepIndex step) const {
    return block_of[step];
  }
  /// `column`: of the PE that the message is for, where a row serves its PEs one by one.
  [[nodiscard]] const Message& message(fabric::Side side, std::uint32_t line, Column column, StepIndex step) const {
    return side == fabric::Side::Weights ? weight_message(Row(line), column, step)
                                         : activation_message(Column(line), step);
  }
  [[nodiscard]] std::uint32_t results_of(Column) const { return 1; }
  [[nodiscard]] std::uint32_t results() const { return pes(); }
  [[nodiscard]] std::uint32_t filter(Row row, Column column) const {
    return filters->filters[filter_stream(row, column)];
  }
  [[nodiscard]] std::uint64_t window(Column column, std::uint32_t /*result*/) const {
    return windows->windows[window_stream(column)];
  }
  /// Pairs of zero weights in chunks that no pass walks, which no PE sees.
  [[nodiscard]] std::uint64_t left_out() const { return filters->left_out * windows->windows.size(); }
};

/// Cuts one layer for one machine. The layer and machine must outlive it.
class Lowering {
 public:
  /// UserError if the layer's operands are wider than the machine's or a feeder's half buffer does not hold one chunk.
  Lowering(const Machine& machine, const Layer& layer);
  ~Lowering();

  [[nodiscard]] const Machine& machine() const { return machine_; }
  [[nodiscard]] const Layer& layer() const { return layer_; }
  [[nodiscard]] std::uint64_t tiles() const { return order_.tiles(); }
  [[nodiscard]] bool early_termination() const { return early_termination_; }
  /// Early termination refused and why, the order that `auto` took.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  using Position = fabric::TilePosition;
  /// The PEs that tile `index` maps, without building it.
  [[nodiscard]] Geometry geometry(TileIndex index) const { return geometry(position(index)); }
  /// The last tile that maps the PE, if any does.
  [[nodiscard]] std::optional<TileIndex> last_tile(Row row, Column column) const;

  /// Tile `index`. Cheap when asked in ascending order: what neighbours share is built once.
  std::shared_ptr<const Tile> tile(TileIndex index);

  /// Which filters and windows tile `index` takes.
  [[nodiscard]] Position position(TileIndex index) const { return order_.position(index); }
  [[nodiscard]] Geometry geometry(const Position& at) const;
  /// [M]: group by group, the output channels in the order in which they are mapped.
  [[nodiscard]] const std::vector<std::uint32_t>& filter_order() const { return filter_order_; }
  /// What comes from DRAM for which tile.
  [[nodiscard]] const MemoryPlan& plan() const { return *plan_; }

  /// Bytes of one stored output value: an operand, or an accumulator where the layer does not requantise.
  [[nodiscard]] std::uint32_t output_bytes() const { return values_.output_bytes(); }

 private:
  template <typename Part>
  using Latest = std::pair<std::pair<std::uint32_t, std::uint32_t>, std::shared_ptr<const Part>>;  ///< (group, tile)

  [[nodiscard]] std::uint32_t chunk_length(std::uint32_t chunk) const;
  [[nodiscard]] std::uint32_t message_bytes(const FeederConfig& feeder, std::uint32_t length,
                                            std::uint32_t nonzeros) const;
  [[nodiscard]] std::shared_ptr<const FilterTile> filter_tile(std::uint32_t group, std::uint32_t index) const;
  [[nodiscard]] std::shared_ptr<const WindowTile> window_tile(std::uint32_t group, std::uint32_t index) const;
  /// Tile `index` with its blocks, without what they fetch.
  std::shared_ptr<Tile> cut(TileIndex index);
  void cut_blocks(Tile& tile) const;
  void add_fetches(Tile& tile, const Tile* previous) const;

  const Machine& machine_;
  const Config& config_;
  const Layer& layer_;
  fabric::LayerValues values_;
  bool early_termination_ = false;
  std::uint32_t k_ = 0;  ///< positions of the reduction
  std::uint32_t chunks_ = 0;
  std::uint32_t filters_per_tile_ = 0, windows_per_tile_ = 0;
  std::uint32_t filter_tiles_ = 0, window_tiles_ = 0;  ///< of one group
  fabric::TileOrder order_;
  std::vector<std::uint32_t> filter_order_;  ///< [M]: group by group, the filters in the order they are mapped
  std::unique_ptr<MemoryPlan> plan_;
  std::vector<std::string> notes_;
  std::shared_ptr<const Tile> latest_;  ///< the tile last asked for
  Latest<FilterTile> latest_filters_;
  Latest<WindowTile> latest_windows_;
};

}  // namespace lacuna::intersect
