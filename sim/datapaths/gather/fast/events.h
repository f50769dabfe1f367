// What did every unit do, cycle by cycle? Groups of entries are multiplied here one by one, and lanes walk filters,
// from the operands' values, so that counts, cycles and stops found elsewhere show where they are wrong.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapaths/fabric/fast/recorder.h"
#include "datapaths/gather/events.h"
#include "datapaths/gather/fast/work.h"
#include "tensor/tensor.h"

namespace lacuna::gather::fast {

using fabric::fast::Time;

class EventRecorder : public fabric::fast::Recorder {
 public:
  /// `output`: of the layer, complete.
  EventRecorder(const Operands& operands, const Tensor& output, RecordSink& sink);

  /// `pe` issues a step of its row from cycle `begin` on, for `cycles`.
  void item(const TileWork& work, std::uint32_t pe, std::uint32_t step, Time begin, std::uint32_t cycles);
  /// The sums of `pe` are complete. / The oldest ones that have not moved to the result registers do.
  void complete(std::uint32_t pe);
  void retire(std::uint32_t pe, Time time);
  [[nodiscard]] std::int64_t output(const TileWork& work, std::uint32_t pe, std::uint32_t result) const;

 private:
  struct Pe {
    std::vector<std::int64_t> sums;          ///< [window], or of lanes
    std::int64_t first_sum = 0;              ///< resident: of the first window
    std::array<std::int64_t, 2> complete{};  ///< the first sum, of tile number k at k mod 2
    std::uint64_t completions = 0, retired = 0;
  };
  /// Products of one cycle.
  struct Products {
    std::uint32_t entries = 0, executed = 0, zeros = 0;
  };
  template <typename Event>
  void keep(Rank rank, const Event& event) {
    add(rank, event.record(machine_));
  }
  void group(const TileWork& work, std::uint32_t pe, std::uint32_t step, Time cycle, const Products& products);
  void stream(const TileWork& work, std::uint32_t pe, std::uint32_t step, Time begin, std::uint32_t cycles);
  void resident(const TileWork& work, std::uint32_t pe, Time begin, std::uint32_t cycles);
  void multiply(const Weight& weight, std::int32_t input, std::int64_t& sum, Products& products) const;

  const Operands& operands_;
  const Machine& machine_;
  const Config& config_;
  std::vector<std::int64_t> output_;  ///< [N, M, P, Q]
  std::uint32_t columns_;
  std::vector<Pe> pes_;
};

}  // namespace lacuna::gather::fast
