// The smallest machine that is a family: every PE multiplies one pair a cycle, a zero gates the multiplier, filters lie
// on rows and windows on columns, all PEs work in lockstep, and results of a tile take `drain` cycles to leave. No
// memory.
//
//     cycle      0    1   ..  K-1   K .. K+drain-1   K+drain
//     PE         k=0  k=1 ..  last  blocked          the next tile's k=0
#pragma once

#include <cstdint>
#include <vector>

#include "machine/family.h"
#include "machine/tally.h"

namespace lacuna::toy {

struct Config {
  std::uint32_t drain = 2;
};
void fields(FieldVisitor& visitor, Config& config);

enum class Kind : std::uint16_t { Product, Wait, Result };

namespace event {

/// A PE took a pair: its multiplier worked, or was gated.
struct Product {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  StepIndex position;  ///< of the reduction
  bool executed;
  void count(Tally& tally) const;
  [[nodiscard]] Record record(const Machine&) const;
};

struct Wait {
  std::uint64_t cycle;
  std::uint32_t pe;
  PeClass why;
  void count(Tally& tally) const;
  [[nodiscard]] Record record(const Machine&) const;
};

/// The output of a PE left, after the post unit.
struct Result {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  std::int64_t value;
  void count(Tally& tally) const;
  [[nodiscard]] Record record(const Machine&) const;
};

}  // namespace event

/// A layer cut for a machine: which filter and window a PE has in a tile, and their values.
class Work {
 public:
  Work(const Machine& machine, const Layer& layer);

  struct Place {
    std::uint32_t filter;
    std::uint64_t window;
  };
  /// What PE (row, column) has in `tile`; filter is M or above if it has nothing.
  [[nodiscard]] Place place(TileIndex tile, std::uint32_t pe) const;
  [[nodiscard]] bool mapped(const Place& at) const { return at.filter < layer_.shape.M; }
  /// Of the pair at a position of the reduction.
  [[nodiscard]] std::int64_t product(const Place& at, std::uint32_t position) const;
  /// The output value of a sum, and where it goes in [N, M, P, Q].
  [[nodiscard]] std::int64_t post(std::int64_t sum, std::uint32_t filter) const;
  [[nodiscard]] std::size_t output_index(const Place& at) const;
  [[nodiscard]] Tensor empty_output() const;

  [[nodiscard]] const Machine& machine() const { return machine_; }
  [[nodiscard]] const Layer& layer() const { return layer_; }
  [[nodiscard]] std::uint64_t tiles() const { return tiles_; }
  [[nodiscard]] std::uint32_t positions() const { return positions_; }
  [[nodiscard]] std::uint64_t tile_cycles() const;

 private:
  [[nodiscard]] std::int64_t weight(std::uint32_t filter, std::uint32_t position) const;
  [[nodiscard]] std::int64_t activation(const Place& at, std::uint32_t position) const;

  const Machine& machine_;
  const Layer& layer_;
  std::vector<std::int64_t> weights_, input_;
  std::uint32_t positions_, filter_tiles_;
  std::uint64_t windows_, window_tiles_, tiles_;
};

std::unique_ptr<Engine> make_systemc_engine();
std::unique_ptr<Engine> make_fast_engine();
const Family& family();

}  // namespace lacuna::toy
