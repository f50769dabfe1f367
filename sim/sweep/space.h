// The configurations a sweep file spans, by number: base configurations times dimensions, without those it skips.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "machine/config.h"
#include "sweep/sweep_file.h"

namespace lacuna {

/// A number names a choice on every dimension; the last dimension moves fastest, the base configuration slowest.
/// Thread-safe. The file must outlive it.
class DesignSpace {
 public:
  /// UserError for a space that cannot be counted and for an energy table that is no file.
  explicit DesignSpace(const SweepFile& file);

  /// All numbers, skipped ones too.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Choices of each dimension, the bases first.
  [[nodiscard]] const std::vector<std::uint64_t>& sizes() const { return sizes_; }
  [[nodiscard]] std::uint64_t number(const std::vector<std::uint64_t>& choices) const;
  [[nodiscard]] std::vector<std::uint64_t> choices(std::uint64_t number) const;

  [[nodiscard]] Machine machine(std::uint64_t number) const;
  /// The energy table of a configuration: its `energy`, from the folder of its base.
  [[nodiscard]] std::filesystem::path energy_table(std::uint64_t number, const Machine& machine) const;
  /// All tables that configurations name, each once.
  [[nodiscard]] const std::vector<std::filesystem::path>& energy_tables() const { return energy_tables_; }
  /// The families of the bases with the tables that price them, each pair once.
  [[nodiscard]] const std::vector<std::pair<Datapath, std::filesystem::path>>& priced() const { return priced_; }
  /// Whether a condition of `skip_where` holds.
  [[nodiscard]] bool skipped(const Machine& machine) const;
  /// "array.rows=8 array.chunk=64", the base's name before it if there are several.
  [[nodiscard]] std::string describe(std::uint64_t number) const;
  /// The values of axes() for a configuration, as the file says them; the base's file name without ending for "name".
  [[nodiscard]] std::vector<std::string> values(std::uint64_t number) const;
  /// The parameters that vary, in the order of the file; "name" first if there are several bases.
  [[nodiscard]] std::vector<std::string> axes() const;

  /// The numbers a sweep without search runs, in ascending order and each once: all, or its samples; skipped ones left
  /// out. UserError if there are none or far too many.
  [[nodiscard]] std::vector<std::uint64_t> chosen() const;

 private:
  [[nodiscard]] std::vector<std::uint64_t> random() const;
  [[nodiscard]] std::vector<std::uint64_t> latin_hypercube() const;

  const SweepFile& file_;
  std::vector<std::uint64_t> sizes_;
  std::uint64_t size_ = 1;
  std::vector<std::filesystem::path> energy_tables_;
  std::vector<std::pair<Datapath, std::filesystem::path>> priced_;
};

}  // namespace lacuna
