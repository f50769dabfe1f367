// One instance of a compiled model, of any top module: its ports as bits, its clock, what its probes saw.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "rtl/model/abi.h"

namespace lacuna {

/// The RTL did what no machine of this configuration can do: an assertion failed, a result came that was not asked for,
/// nothing moves any more. what() says what, and in which cycle.
class RtlFailure : public Bug {
 public:
  using Bug::Bug;
};

/// The bits of a port, as an array of fields of equal width.
class Port {
 public:
  Port() = default;
  Port(const LacunaPort& port, std::uint32_t width)
      : data_(static_cast<std::uint8_t*>(port.data)), bytes_(port.bytes), width_(width) {}

  /// Writes field `index`; bits of `value` above the width are ignored.
  void put(std::size_t index, std::uint64_t value) {
    std::size_t at = index * width_;
    for (std::uint32_t left = width_; left != 0;) {
      const std::uint32_t shift = at & 7;
      const std::uint32_t count = std::min(8 - shift, left);
      const auto mask = static_cast<std::uint8_t>(((1u << count) - 1) << shift);
      std::uint8_t& byte = data_[at >> 3];
      byte = static_cast<std::uint8_t>((byte & ~mask) | ((value << shift) & mask));
      value >>= count;
      at += count;
      left -= count;
    }
  }
  /// Field `index`, at most 64 bits.
  [[nodiscard]] std::uint64_t get(std::size_t index) const {
    std::uint64_t value = 0;
    std::size_t at = index * width_;
    for (std::uint32_t have = 0; have < width_;) {
      const std::uint32_t shift = at & 7;
      const std::uint32_t count = std::min(8 - shift, width_ - have);
      value |= std::uint64_t{(data_[at >> 3] >> shift) & ((1u << count) - 1)} << have;
      have += count;
      at += count;
    }
    return value;
  }
  [[nodiscard]] bool test(std::size_t index) const { return ((data_[index >> 3] >> (index & 7)) & 1) != 0; }
  [[nodiscard]] std::int64_t get_signed(std::size_t index) const {
    const unsigned shift = 64 - width_;
    return static_cast<std::int64_t>(get(index) << shift) >> shift;
  }
  /// Writes whole bytes into field `index`, whose width is a multiple of 8.
  void put_bytes(std::size_t index, std::span<const std::uint8_t> bytes) {
    std::memcpy(data_ + index * (width_ / 8), bytes.data(), bytes.size());
  }
  void clear() { std::memset(data_, 0, bytes_); }
  [[nodiscard]] bool any() const {
    for (std::size_t i = 0; i < bytes_; ++i)
      if (data_[i] != 0) return true;
    return false;
  }
  [[nodiscard]] std::uint32_t width() const { return width_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t width_ = 1;
};

/// A probe of one kind: where it is, and what it reported of the latest cycle.
class Probe {
 public:
  explicit Probe(const LacunaProbe& probe) : path_(probe.path), report_(probe.report) {}

  /// In the hierarchy: it ends like "gen_pe_row[2].gen_pe[3].u_pe.u_probe".
  [[nodiscard]] std::string_view path() const { return path_; }
  /// The numbers in brackets of the path: {2, 3}.
  [[nodiscard]] std::vector<std::uint32_t> indices() const;
  /// The words of the report, as the kind's `Report` lays them out from the first one on.
  template <typename Report>
  [[nodiscard]] Report report() const {
    static_assert(std::is_trivially_copyable_v<Report> && sizeof(Report) <= 4 * kLacunaReportWords);
    Report report;
    std::memcpy(&report, report_, sizeof report);
    return report;
  }

 private:
  std::string_view path_;
  const std::uint32_t* report_;
};

class RtlModel {
 public:
  /// A new instance of the model in `shared_object`, its registers not reset.
  explicit RtlModel(const std::filesystem::path& shared_object);
  ~RtlModel();
  RtlModel(const RtlModel&) = delete;
  RtlModel& operator=(const RtlModel&) = delete;

  /// Port `name` as fields of `width` bits.
  [[nodiscard]] Port port(std::string_view name, std::uint32_t width) const;
  [[nodiscard]] bool has_port(std::string_view name) const;
  /// A width that a probe named.
  [[nodiscard]] std::uint32_t width(std::string_view name) const;

  /// The probes of one kind, in the order of the hierarchy.
  [[nodiscard]] std::vector<Probe> probes(std::string_view kind) const;

  /// Two cycles of reset (rst_ni) with all else as it stands.
  void reset();
  void settle() {
    api_->settle(model_);
    if (waves_) api_->dump_waves(model_, time_);
  }
  void edge() {
    api_->edge(model_);
    if (waves_) api_->dump_waves(model_, time_ + kCycleTime / 2);
    time_ += kCycleTime;
  }
  /// From now on every cycle goes to a wave file: cycle c is at c ns, its rising edge half a ns later. `cycle` is the
  /// next one. UserError if the file cannot be written, Bug if the model was built without waves.
  void open_waves(const std::filesystem::path& path, std::uint64_t cycle);
  void close_waves();
  /// Throws RtlFailure if the model has complained.
  void check(std::uint64_t cycle) const;

 private:
  static constexpr std::uint64_t kCycleTime = 10;  ///< of a wave file, in tenths of a ns

  void* library_ = nullptr;
  const LacunaModelApi* api_ = nullptr;
  LacunaModel* model_ = nullptr;
  bool waves_ = false;
  std::uint64_t time_ = 0;
};

}  // namespace lacuna
