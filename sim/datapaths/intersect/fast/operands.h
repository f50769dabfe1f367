// The operands of a layer in the form the engine without a clock reads: masks and bus words of a chunk beside each
// other for all lines, sums that many tiles share, rows of values for products. Tiles, steps, messages and blocks are
// those of the lowering (sim/datapaths/intersect/lowering.h); tests compare the two.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "datapaths/fabric/fast/aligned.h"
#include "datapaths/fabric/fast/tiles.h"
#include "datapaths/fabric/fast/value_rows.h"
#include "datapaths/intersect/fast/kernels/kernels.h"
#include "datapaths/intersect/lowering.h"

namespace lacuna::intersect::fast {

using fabric::fast::Aligned;
using fabric::fast::with_elements;

/// The messages of one operand of a tile: of every stream, entry by entry. Entries are steps of filters, chunks of
/// windows.
struct Streams {
  std::uint32_t streams = 0;
  std::uint32_t pad = 0;  ///< streams in memory, a multiple of kLanes
  std::uint32_t entries = 0;
  std::span<std::uint64_t> low, high;     ///< [entry][pad]: nonzero positions; high for chunks above 64 only
  std::span<std::int32_t> words;          ///< [entry][pad]: cycles on the bus
  std::span<std::int32_t> bytes;          ///< [entry][pad]
  std::span<std::int32_t> words_before;   ///< [entry + 1][pad]: of the entries before
  std::span<std::uint64_t> bytes_before;  ///< [entry + 1]: of all streams

  Streams() = default;
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Masks are to be set then for all streams.
  void resize(std::uint32_t streams_, std::uint32_t entries_, bool wide);
  void set(std::uint32_t entry, std::uint32_t stream, const Mask& mask) {
    const std::size_t at = std::size_t{entry} * pad + stream;
    low[at] = mask.low;
    if (!high.empty()) high[at] = mask.high;
  }
  /// All but the masks, from them and the bytes of an entry without its nonzero values.
  void measure(const Kernels& kernels, const std::vector<std::uint32_t>& headers, const FeederConfig& feeder,
               std::uint32_t operand);
  [[nodiscard]] Mask mask(std::uint32_t entry, std::uint32_t stream) const {
    const std::size_t at = std::size_t{entry} * pad + stream;
    return {low[at], high.size() == 0 ? 0 : high[at]};
  }

 private:
  Aligned<std::uint64_t> memory_;  ///< of all of them
};

struct Filters : Streams {
  std::shared_ptr<const FilterTile> outline;  ///< filters, bias, steps, left_out; neither messages nor values
  /// [step][pad]: positions that cost a slot, where the rule looks at activations: if the activation is not zero. Only
  /// where they are not `low` and `high`.
  Aligned<std::uint64_t> slots_low, slots_high;
  bool own_slots = false;
  std::vector<std::uint64_t> owned;        ///< [stream]: positions that some step owns
  Aligned<std::int32_t> row_words_before;  ///< of rows that serve their PEs one by one, [step + 1][row_pad]
  std::uint32_t row_pad = 0;
  /// Words that each row feeder takes before each step.
  [[nodiscard]] const std::int32_t* feeder_words() const {
    return row_pad != 0 ? row_words_before.data() : words_before.data();
  }
  [[nodiscard]] std::uint32_t feeder_pad() const { return row_pad != 0 ? row_pad : pad; }
  [[nodiscard]] Mask slots(std::uint32_t step, std::uint32_t stream) const {
    if (!own_slots) return mask(step, stream);
    const std::size_t at = std::size_t{step} * pad + stream;
    return {slots_low[at], slots_high.size() == 0 ? 0 : slots_high[at]};
  }
};

struct Windows : Streams {
  std::shared_ptr<const WindowTile> outline;  ///< windows
};

/// A tile without values.
struct CompactTile {
  std::shared_ptr<const Tile> tile;  ///< geometry, blocks, outlines; its index counts the tiles in use
  Lowering::Position position{};     ///< in the layer
  std::shared_ptr<const Filters> filters;
  std::shared_ptr<const Windows> windows;
};

class Operands final : public fabric::fast::Tiles {
 public:
  Operands(Lowering& lowering, const Kernels& kernels);

  [[nodiscard]] const Lowering& lowering() const { return lowering_; }
  [[nodiscard]] const Kernels& kernels() const { return kernels_; }
  [[nodiscard]] std::uint32_t k() const { return k_; }
  [[nodiscard]] std::uint32_t chunks() const { return chunks_; }
  [[nodiscard]] std::uint32_t chunk_length(std::uint32_t chunk) const;
  [[nodiscard]] std::uint32_t group_filters() const { return group_filters_; }
  [[nodiscard]] std::uint64_t window_count() const { return window_count_; }

  /// From now on the tiles are `count` tiles of the layer from `first` on, as if there were no others; what the first
  /// one fetches is what it fetches after the one before it. At first all tiles of the layer are in use.
  void use_tiles(std::uint64_t first, std::uint64_t count);
  [[nodiscard]] std::uint64_t tiles() const override { return tile_count_; }
  [[nodiscard]] Geometry geometry(TileIndex index) const override {
    return lowering_.geometry(TileIndex(first_tile_ + index));
  }
  /// The least columns, rows and last rows of the tiles in use.
  [[nodiscard]] Geometry smallest() const override;
  /// The last tile in use that maps the PE, if any does.
  [[nodiscard]] std::optional<TileIndex> last_tile(Row row, Column column) const override;
  /// Tile `index` with blocks and what they fetch. Cheap in ascending order. UserError as Lowering::tile().
  CompactTile tile(TileIndex index);

  /// Values of windows and filters.
  [[nodiscard]] const fabric::fast::ValueRows& rows() const { return rows_; }

 private:
  std::shared_ptr<const Filters> filters(std::uint32_t group, std::uint32_t index);
  std::shared_ptr<const Windows> windows(std::uint32_t group, std::uint32_t index);
  std::shared_ptr<const Filters> build_filters(std::uint32_t group, std::uint32_t index) const;
  std::shared_ptr<const Windows> build_windows(std::uint32_t group, std::uint32_t index);
  /// Bytes of a message over `length` positions without its nonzero values.
  [[nodiscard]] std::uint32_t header(const FeederConfig& feeder, std::uint32_t length) const;
  void cut_blocks(Tile& tile, const Filters& filters, const Windows& windows);
  /// Words of windows before each step of the tile, [step + 1][pad].
  const std::int32_t* step_words(const Tile& tile, const Windows& windows);
  void add_fetches(Tile& tile, const Lowering::Position& at, const CompactTile& previous, const Filters& filters,
                   const std::shared_ptr<const Windows>& windows);

  Lowering& lowering_;
  const Machine& machine_;
  const Config& config_;
  const Layer& layer_;
  const Kernels& kernels_;
  std::uint32_t k_ = 0, chunks_ = 0, group_filters_ = 0, group_channels_ = 0;
  std::uint32_t filters_per_tile_ = 0, windows_per_tile_ = 0, filter_tiles_ = 0, window_tiles_ = 0;
  std::uint64_t window_count_ = 0;
  bool wide_masks_ = false;
  fabric::fast::ValueRows rows_;

  template <typename Part>
  struct Cache {
    std::vector<std::shared_ptr<const Part>> parts;  ///< [group][index], where they are kept
    std::pair<std::uint64_t, std::shared_ptr<const Part>> latest{UINT64_MAX, nullptr};
    std::size_t bytes = 0;
  };
  Cache<Filters> filter_cache_;
  Cache<Windows> window_cache_;
  std::uint64_t first_tile_ = 0, tile_count_ = 0;  ///< of the layer
  /// The latest ones made, to be used again.
  template <typename T>
  struct Used {
    std::array<std::shared_ptr<T>, 16> latest;
    std::size_t next = 0;
    std::shared_ptr<T>& fresh() {
      std::shared_ptr<T>& oldest = latest[next++ % latest.size()];
      if (oldest.use_count() != 1) oldest = std::make_shared<T>();
      return oldest;
    }
  };
  Used<Tile> used_tiles_;
  Used<Windows> used_windows_;
  Used<WindowTile> used_outlines_;
  CompactTile latest_;
  std::uint64_t latest_index_ = UINT64_MAX;  ///< of latest_, in the layer
  Aligned<std::int32_t> step_words_;
  std::vector<std::uint32_t> chunk_of_step_;
};

}  // namespace lacuna::intersect::fast
