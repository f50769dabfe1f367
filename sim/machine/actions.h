// What energy is paid for. Actions are counted from what units report; an energy table has a price for each action of a
// family. Some actions are every machine's, the others the family's own: a family lists all of them, in the order of
// its reports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/enum_names.h"
#include "base/error.h"

namespace lacuna {

class Machine;

/// Actions that mean the same in every family.
enum class CommonAction : std::uint8_t {
  MacExecuted,
  MacWasted,
  MacGated,
  PostOperation,
  GlobalBufferRead,
  GlobalBufferWrite,
  DramRead,
  DramWrite,
  PeClock,
  PeLeakage,
  SramLeakage
};
constexpr std::size_t kCommonActions = 11;

/// One line of a family's list.
struct ActionInfo {
  std::string_view name;       ///< "fifo_write"; two families that use a name mean the same by it
  std::string_view unit;       ///< what is counted, in the plural: "bytes", "bytes x PEs"
  std::string_view component;  ///< "chunk_fifo": energies are summed by it
  std::string_view sentence;
  /// Bytes of the SRAM that the action goes to, whose price grows with the root of its capacity; nullptr: no SRAM.
  double (*capacity)(const Machine&) = nullptr;
  bool leaks = false;        ///< counted in cycles: the price grows with the period of the clock
  bool moves_bytes = false;  ///< through a buffer or DRAM: a column of the tables of traffic
  std::optional<CommonAction> common;
};

/// The line of an action that every family has, for its list.
constexpr ActionInfo common_action(CommonAction action);

/// A family's list, and where the common actions stand in it.
class ActionList {
 public:
  /// Bug if a common action is missing or a name stands twice. `infos` must outlive the list.
  explicit ActionList(std::span<const ActionInfo> infos);

  [[nodiscard]] std::size_t size() const { return infos_.size(); }
  [[nodiscard]] std::span<const ActionInfo> infos() const { return infos_; }
  [[nodiscard]] const ActionInfo& operator[](std::size_t index) const { return infos_[index]; }
  [[nodiscard]] std::size_t index_of(CommonAction action) const { return common_[static_cast<std::size_t>(action)]; }
  /// The place of the action called `name`, if there is one.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  std::span<const ActionInfo> infos_;
  std::array<std::size_t, kCommonActions> common_{};
};

/// How often each action of a list was done. Without a list there is nothing to count: the start of a sum.
class ActionCounts {
 public:
  ActionCounts() = default;
  explicit ActionCounts(const ActionList& list) : value(list.size()), list_(&list) {}

  /// [place in the family's list]
  std::vector<std::uint64_t> value;

  std::uint64_t& operator[](CommonAction action) { return value[list_->index_of(action)]; }
  std::uint64_t operator[](CommonAction action) const { return value[list_->index_of(action)]; }
  /// `Action`: the family's own enumeration of its list.
  template <typename Action>
  requires(std::is_enum_v<Action> && !std::is_same_v<Action, CommonAction>) std::uint64_t& operator[](Action action) {
    return value[static_cast<std::size_t>(action)];
  }
  template <typename Action>
  requires(std::is_enum_v<Action> && !std::is_same_v<Action, CommonAction>) std::uint64_t operator[](
      Action action) const {
    return value[static_cast<std::size_t>(action)];
  }
  [[nodiscard]] const ActionList* list() const { return list_; }
  /// Bug if both have a list and they are not the same.
  ActionCounts& operator+=(const ActionCounts& other);
  bool operator==(const ActionCounts& other) const { return value == other.value; }

 private:
  const ActionList* list_ = nullptr;
};

namespace detail {
/// Bytes of one bank of the global buffer.
double global_buffer_bank(const Machine& machine);
}  // namespace detail

constexpr ActionInfo common_action(CommonAction action) {
  const auto line = [&](std::string_view name, std::string_view unit, std::string_view component,
                        std::string_view sentence) {
    return ActionInfo{name, unit, component, sentence, nullptr, false, false, action};
  };
  ActionInfo info;
  switch (action) {
    case CommonAction::MacExecuted:
      return line("mac_executed", "products", "mac", "multiply-accumulates with two nonzero operands");
    case CommonAction::MacWasted:
      return line("mac_wasted", "products", "mac", "multiply-accumulates with an operand that is zero");
    case CommonAction::MacGated:
      return line("mac_gated", "products", "mac", "slots whose multiplier was gated");
    case CommonAction::PostOperation:
      return line("post_operation", "results", "post", "results requantised, clipped and encoded");
    case CommonAction::GlobalBufferRead:
      info = line("global_buffer_read", "bytes", "global_buffer", "bytes read from the global buffer");
      info.capacity = detail::global_buffer_bank;
      info.moves_bytes = true;
      return info;
    case CommonAction::GlobalBufferWrite:
      info = line("global_buffer_write", "bytes", "global_buffer", "bytes written to the global buffer");
      info.capacity = detail::global_buffer_bank;
      info.moves_bytes = true;
      return info;
    case CommonAction::DramRead:
      info = line("dram_read", "bytes", "dram", "bytes read from DRAM, whole bursts");
      info.moves_bytes = true;
      return info;
    case CommonAction::DramWrite:
      info = line("dram_write", "bytes", "dram", "bytes written to DRAM, whole bursts");
      info.moves_bytes = true;
      return info;
    case CommonAction::PeClock:
      return line("pe_clock", "PE-cycles", "clock", "PE-cycles in which registers of a PE were clocked");
    case CommonAction::PeLeakage:
      info = line("pe_leakage", "PE-cycles", "leakage", "PE-cycles in which a PE leaked: all of them");
      info.leaks = true;
      return info;
    case CommonAction::SramLeakage:
      info = line("sram_leakage", "byte-cycles", "leakage", "bytes of on-chip SRAM times cycles");
      info.leaks = true;
      return info;
  }
  throw Bug("unknown common action");
}

}  // namespace lacuna
