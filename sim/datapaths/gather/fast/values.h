// What are the values? Outputs of a layer, the bytes they take where they are written, the entries after which lanes
// stop, and how many products have no zero operand. None of it depends on time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/stops.h"
#include "tensor/tensor.h"

namespace lacuna::gather::fast {

class Values {
 public:
  /// Without `outputs` only what times, traffic and pairs depend on.
  Values(const Operands& operands, bool outputs, unsigned threads);

  /// [N, M, P, Q]; to be taken once, if outputs were asked for.
  [[nodiscard]] const Tensor& output() const { return output_; }
  Tensor take_output() { return std::move(output_); }

  /// Bytes of the results of a column in a tile as they are written: of `filters` filters from `channel` on.
  [[nodiscard]] std::uint64_t column_bytes(std::uint32_t channel, std::uint32_t filters,
                                           const ColumnWindows& column) const;
  /// [window] where the sum stops. Null if none does.
  [[nodiscard]] const Stop* stops(std::uint32_t channel) const {
    return stops_.empty() ? nullptr : stops_.data() + std::size_t{channel} * windows_;
  }
  /// Products of nonzero operands in the layer, up to stops.
  [[nodiscard]] std::uint64_t executed() const { return executed_; }

 private:
  template <typename Input, typename Weight, typename Sum>
  class Computation;

  const Operands& operands_;
  std::uint64_t windows_;
  std::uint32_t output_bytes_;
  bool bytes_need_values_;
  Tensor output_;                        ///< where outputs are asked for, or bytes depend on more than `nonzeros_`
  std::vector<std::uint32_t> nonzeros_;  ///< [sixteen of filters][window] outputs that are not zero
  std::vector<Stop> stops_;              ///< [channel][window]
  std::uint64_t executed_ = 0;
};

}  // namespace lacuna::gather::fast
