// Where finished points are kept: one SQLite file that several processes may share and a kill at any moment cannot
// spoil.
//
// A point is a configuration and a workload on an engine, with its result. It is known by the fingerprint of what
// decides its numbers, never by a name, so that no sweep simulates it twice. The tables are described in README.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// Raised whenever an engine, the lowering or the memory model gives other numbers for the same input than before:
/// points of older versions stay in a store but are not taken for new ones. tests/unit/sweep/result_version_test.cc
/// notices.
constexpr std::uint64_t kResultVersion = 4;

/// What decides a point's numbers.
struct PointIdentity {
  std::string config_hash;    ///< config_hash() of the resolved configuration; without its name and its energy table
  std::string workload_hash;  ///< Workload::hash(), all layers
  std::string layers;         ///< "conv1,conv2" where only some were run; "" for all
  std::string energy_hash;    ///< EnergyTable::hash
  std::string engine;         ///< "fast"
  std::uint64_t result_version = kResultVersion;

  /// 32 hex digits over all of it.
  [[nodiscard]] std::string key() const;
};

/// One layer of a point: an element of "layers" in a result file.
struct StoredLayer {
  std::string name;
  std::string result;       ///< JSON on one line, without "per_pe_busy"
  std::string per_pe_busy;  ///< JSON on one line; "" where the store has none
};

struct StoredPoint {
  PointIdentity identity;
  std::string key;              ///< identity.key()
  std::string program_version;  ///< that computed it
  std::string machine;          ///< the configuration's name when it was computed; of no consequence
  std::string config;           ///< JSON, the resolved configuration: "config" of a result file
  std::string network, source;  ///< of the workload
  std::string energy_table;     ///< name of the table
  std::string energy_unit;      ///< "pJ" or "RF"
  std::string total;            ///< JSON: "total" of a result file
  std::uint64_t cycles = 0;     ///< of all layers
  double seconds = 0;           ///< of all layers
  double energy = 0;            ///< of all layers, in energy_unit
  bool verified = false;        ///< every output was compared with the reference and is equal
  std::vector<StoredLayer> layers;

  /// A result file as `lacuna run --format json` writes it, on one line.
  [[nodiscard]] std::string result_json() const;
};

/// Reads a result file's text (as to_json() of a report gives it) into a point; Bug if a key is missing.
StoredPoint point_from_result(const std::string& result_json, const std::string& layers);

/// The area of a configuration by an area table.
struct StoredArea {
  std::string config_hash, area_hash;
  double um2 = 0;
  std::string components;  ///< JSON: {"component": um2, ...}
};

/// A sweep that was begun on this store.
struct StoredSweep {
  std::string id;  ///< 32 hex digits over everything that decides which points it has
  std::string name;
  std::string text;             ///< the sweep file, word for word
  std::string program_version;  ///< that began it
  std::uint64_t seed = 0;       ///< of its samples or its search; 0 if it draws none
  std::string axes;             ///< JSON: ["array.rows", ...], the parameters it varies
  std::string objectives;       ///< JSON: ["cycles", "energy", "area"] of a guided search; [] otherwise
  std::string area_hash;        ///< of its area table; "" if it has none
};

/// One place in a sweep. The point may not have been computed yet.
struct SweepPlace {
  std::uint64_t position = 0;  ///< counts from 0; the order of the design space, or in which the search asked
  std::string key;
  std::string machine = {};  ///< the configuration's name in this sweep; "" for that of the point
};

/// Thread-safe: one connection, one call at a time. UserError where a file cannot be opened, read or written, a disk
/// is full, or a file is no store; nothing of a call that fails is stored. Every row has a checksum: a damaged row, and
/// a point that lacks a layer, are as if they were not there, and are replaced when they are stored again; damage()
/// names them.
class Store {
 public:
  enum class Mode { Create, Write, Read };  ///< Create: and make it if missing; Write: must be there

  Store(const std::filesystem::path& path, Mode mode);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const;

  [[nodiscard]] bool has(std::string_view key) const;
  /// Stores a point with its layers, whole or not at all, and gives its claim up; false if it was there already.
  bool insert(const StoredPoint& point);
  /// `layers` false leaves the layers out, which is faster.
  [[nodiscard]] std::optional<StoredPoint> point(std::string_view key, bool layers = true) const;
  /// Whether the store has the busy cycles of a point's PEs: not of points that version 2 of the store kept.
  [[nodiscard]] bool has_per_pe_busy(std::string_view key) const;
  [[nodiscard]] std::uint64_t points() const;
  /// Calls `use` with every point in the order of keys; `layers` false leaves their layers out, which is faster. Layers
  /// come without per_pe_busy, here and below; point() has it.
  void each_point(bool layers, const std::function<void(const StoredPoint&)>& use) const;
  /// The finished points of a sweep in the order of their positions, each under the name its configuration has there.
  void each_point_of(const std::string& sweep, bool layers,
                     const std::function<void(std::uint64_t position, const StoredPoint&)>& use) const;

  void insert(const StoredArea& area) { insert(std::vector{area}); }
  void insert(const std::vector<StoredArea>& areas);
  [[nodiscard]] std::optional<StoredArea> area(std::string_view config_hash, std::string_view area_hash) const;

  /// Stores a sweep; one with the same id stays as it is.
  void insert(const StoredSweep& sweep);
  void insert(const std::string& sweep, const std::vector<SweepPlace>& places);
  [[nodiscard]] std::vector<StoredSweep> sweeps() const;
  [[nodiscard]] std::vector<SweepPlace> places(const std::string& sweep) const;

  enum class Claim { Mine, Stored, Elsewhere };
  /// Takes a point for this process, so that no other one computes it at the same time. Stored: it is there already.
  /// Elsewhere: a live process has it. A claim ends with insert(), release() or the death of the process that holds it.
  Claim claim(std::string_view key);
  void release(std::string_view key);

  /// "" or which rows are damaged: "2 rows are damaged: point 0123, ...". Reads the whole store.
  [[nodiscard]] std::string damage() const;

  /// Takes over every sound point, area and sweep of another store. Returns how many points were new. UserError if the
  /// two have different numbers for one point; nothing is taken over then.
  std::uint64_t merge(const std::filesystem::path& other);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lacuna
