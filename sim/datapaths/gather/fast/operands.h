// The operands of a layer as the engine without a clock reads them: values in the order of the reduction, the entries
// of filters and what messages cost. Made from the tensors by README.md, section Work; which tile has which filters and
// windows, what comes from DRAM, and whether lanes may stop is what the lowering says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "datapaths/fabric/fast/tiles.h"
#include "datapaths/fabric/fast/value_rows.h"
#include "datapaths/fabric/fast/work.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/lowering.h"

namespace lacuna::gather::fast {

using fabric::fast::kNever;

/// A weight that is sent. Its value may be zero.
struct Weight {
  std::int32_t value;
  std::uint32_t position;  ///< of the reduction
};

struct Filter {
  std::uint32_t channel = 0;  ///< of the output
  std::int64_t bias = 0;
  std::vector<Weight> entries;               ///< in the order in which they are sent; where they are kept
  std::vector<std::uint32_t> segment_ends;   ///< entries up to the end of each segment
  std::uint32_t representatives = 0;         ///< the first entries, after which sums may be predicted
  std::int64_t threshold = 0;                ///< at or below which they are
  std::uint32_t settled = 0;                 ///< where sums stop: entries after which they can only fall
  std::uint32_t nonzeros = 0;                ///< likewise: entries up to the last that is not zero
  std::vector<std::uint32_t> cycles;         ///< stream, banks: of each step in a PE
  std::vector<std::uint32_t> segment_steps;  ///< likewise: steps before each segment
  std::uint64_t steps = 0;                   ///< of its row
  std::uint64_t empty = 0;                   ///< of them, groups without an entry
  std::uint64_t all_cycles = 0;              ///< stream: of all steps in a PE

  [[nodiscard]] std::uint32_t entries_in(std::uint32_t segment) const {
    return segment_ends[segment] - (segment == 0 ? 0 : segment_ends[segment - 1]);
  }
};

/// The filters of a tile, row by row.
struct FilterTile {
  std::uint32_t group = 0;
  std::vector<Filter> filters;
  std::vector<std::uint32_t> words;  ///< [segment, and behind the last][row]: of messages before it
  std::vector<std::uint64_t> bytes;  ///< [segment, and behind the last]: of messages of all rows before it

  // Where entries are streamed: rows of the array in whole vectors, zeros where no filter is.
  std::vector<std::uint32_t> groups, first_words, last_words;  ///< [segment][row]: groups; words of the first, the last
  std::vector<std::uint32_t> most_groups;                      ///< [segment]: of all rows
};

/// What a column has in a tile.
struct ColumnWindows {
  std::uint64_t first = 0;  ///< window (image x P + p) x Q + q
  std::uint32_t windows = 0;
};

class Operands final : public fabric::fast::Tiles {
 public:
  /// `keeps_values`: filter tiles have entries, not only how many, and there are inputs of windows.
  Operands(const Lowering& lowering, bool keeps_values);

  [[nodiscard]] const Lowering& lowering() const { return lowering_; }
  [[nodiscard]] bool streams() const { return streams_; }
  /// Positions of the reduction; segments of it (1 where filters are resident).
  [[nodiscard]] std::uint32_t k() const { return k_; }
  [[nodiscard]] std::uint32_t segments() const { return segments_; }
  [[nodiscard]] std::uint32_t segment_length(std::uint32_t segment) const {
    return streams_ ? std::min(config_.segment, k_ - segment * config_.segment) : k_;
  }
  [[nodiscard]] std::uint32_t group_filters() const { return group_filters_; }
  [[nodiscard]] std::uint64_t window_count() const { return windows_; }
  [[nodiscard]] const fabric::fast::ValueRows& rows() const { return rows_; }
  [[nodiscard]] const fabric::fast::ValueKernels& kernels() const { return kernels_; }

  [[nodiscard]] std::uint64_t tiles() const override { return lowering_.tiles(); }
  [[nodiscard]] Geometry geometry(TileIndex tile) const override { return lowering_.geometry(tile); }
  [[nodiscard]] Geometry smallest() const override;
  [[nodiscard]] std::optional<TileIndex> last_tile(Row row, Column column) const override {
    return lowering_.last_tile(row, column);
  }

  /// Steps of a row for `entries` entries of a segment.
  [[nodiscard]] std::uint32_t groups(std::uint32_t entries) const {
    return streams_ ? std::max(1u, (entries + config_.lanes - 1) / config_.lanes) : 1;
  }
  /// Entries in group `group` of so many of a segment.
  [[nodiscard]] std::uint32_t entries_of(std::uint32_t group, std::uint32_t entries) const {
    return streams_ ? std::min(config_.lanes, entries - group * config_.lanes) : entries;
  }
  /// The message with so many entries; `first` of the tile.
  [[nodiscard]] fabric::fast::Message weights_message(std::uint32_t entries, bool first) const {
    return streams_ ? group_messages_[first ? 1 : 0][entries] : weights_of(entries, first);
  }

  /// Cheap for the one asked for last, and for all where they do not take too much memory.
  std::shared_ptr<const FilterTile> filter_tile(std::uint32_t group, std::uint32_t index);
  /// The filter at place `place` of its group, with its entries.
  [[nodiscard]] Filter filter(std::uint32_t group, std::uint32_t place) const;

  /// Of one window tile of a group, column by column.
  [[nodiscard]] std::vector<ColumnWindows> columns(std::uint32_t window_tile) const;
  /// [column] its kind, numbered from column 0 on: columns of a kind have as many windows in every tile.
  [[nodiscard]] std::vector<std::uint32_t> column_kinds() const;
  /// The first input of a window; the one at position k of its reduction is positions()[k] further.
  [[nodiscard]] const std::int32_t* window(std::uint32_t group, std::uint64_t window) const;
  [[nodiscard]] const std::vector<std::uint32_t>& positions() const { return positions_; }
  /// The message with the activations of a segment, or of an input tile.
  [[nodiscard]] const fabric::fast::Message& activations(const ColumnWindows& column, std::uint32_t segment) const {
    return activation_messages_[segment + 1 == segments_ ? 1 : 0][column.windows];
  }
  struct Amount {
    std::uint64_t bytes, words;
  };
  /// Of the messages with segments begin..end-1, of which there is one.
  [[nodiscard]] Amount activations(const ColumnWindows& column, std::uint32_t begin, std::uint32_t end) const {
    const fabric::fast::Message &last = activations(column, end - 1), &other = activations(column, begin);
    const std::uint64_t others = end - 1 - begin;
    return {last.bytes + others * other.bytes, last.words + others * other.words};
  }

 private:
  /// Calls visit(weights, bits) with those of a filter in the order of the reduction; bit k: weight k is not zero.
  template <typename Visit>
  void with_weights(std::uint32_t group, std::uint32_t place, Visit visit) const;
  template <typename T>
  void add_entries(const T* weights, const std::uint64_t* bits, std::uint32_t segment,
                   std::vector<Weight>& entries) const;
  void lay_out_image();
  void count_steps(Filter& filter) const;
  /// The filter with its entries in the order of the reduction, in the memory of `entries`.
  [[nodiscard]] Filter natural_filter(std::uint32_t group, std::uint32_t place, std::vector<Weight> entries = {}) const;
  [[nodiscard]] fabric::fast::Message weights_of(std::uint32_t entries, bool first) const;
  [[nodiscard]] std::shared_ptr<const FilterTile> build_filter_tile(std::uint32_t group, std::uint32_t index) const;
  /// Cycles in which a PE takes these entries of a segment that begins at position `first`.
  [[nodiscard]] std::uint32_t cycles_of(const Weight* begin, const Weight* end, std::uint32_t first) const;
  /// Some block of N:M of some filter has more than N nonzero weights.
  [[nodiscard]] bool breaks_pattern() const;

  const Lowering& lowering_;
  const Machine& machine_;
  const Config& config_;
  const Layer& layer_;
  bool streams_, keeps_values_;
  bool dense_ = false;  ///< every position is an entry
  std::uint32_t k_ = 0, segments_ = 1, group_filters_ = 0, group_channels_ = 0;
  std::uint64_t windows_ = 0;
  std::uint32_t tile_positions_ = 0;  ///< resident: of an input tile
  std::vector<std::uint32_t> order_;  ///< filters, as they are mapped
  const fabric::fast::ValueKernels& kernels_;
  fabric::fast::ValueRows rows_;
  std::vector<std::int32_t> image_;  ///< [N][H + padding][W + padding][C], where values are kept
  std::size_t image_height_ = 0, image_width_ = 0;
  std::vector<std::uint32_t> positions_;                                   ///< [position of the reduction]
  std::array<std::vector<fabric::fast::Message>, 2> activation_messages_;  ///< [last segment][windows]
  std::array<std::vector<fabric::fast::Message>, 2> group_messages_;       ///< stream: [first of the tile][entries]
  std::vector<std::shared_ptr<const FilterTile>> filter_tiles_;            ///< [group][index], where they are kept
  std::pair<std::size_t, std::shared_ptr<const FilterTile>> latest_{};
};

}  // namespace lacuna::gather::fast
