// The tables of a store. README.md says what their columns mean; other programs may read them.
#pragma once

#include <array>
#include <string_view>

namespace lacuna {

/// "Lcna", in the header of the file, so that no other SQLite file is taken for a store.
constexpr int kStoreApplicationId = 0x4c636e61;
/// Raised with the schema; a store of a newer version is refused.
constexpr int kStoreVersion = 4;
/// The oldest version that is read; the first writer makes it the newest. Version 2 has no busy PEs, version 3 no
/// checksums.
constexpr int kOldestStoreVersion = 2;

/// A table whose rows have a checksum over `columns`: all others.
struct StoreTable {
  std::string_view name, columns;
  std::string_view key;  ///< the first columns: no two rows are equal in them
  std::string_view row;  ///< what a row is called, as SQL that gives a text
};

constexpr StoreTable kPoints{
    "points",
    "key, config_hash, workload_hash, layers, energy_hash, engine, result_version, program_version, machine, config, "
    "network, source, energy_table, energy_unit, total, cycles, seconds, energy, verified, layer_rows",
    "key", "'point ' || key"};
constexpr StoreTable kLayers{"layers", "point, position, name, result, per_pe_busy", "point, position",
                             "'a layer of point ' || point"};
constexpr StoreTable kAreas{"areas", "config_hash, area_hash, um2, components", "config_hash, area_hash",
                            "'the area of configuration ' || config_hash"};
constexpr StoreTable kSweeps{"sweeps", "id, name, text, program_version, seed, axes, objectives, area_hash", "id",
                             "'sweep ' || id"};
constexpr StoreTable kSweepPoints{"sweep_points", "sweep, position, point, machine_name", "sweep, position",
                                  "'place ' || position || ' of sweep ' || sweep"};
constexpr std::array kCheckedTables{kPoints, kLayers, kAreas, kSweeps, kSweepPoints};

constexpr const char* kStoreSchema = R"sql(
CREATE TABLE points (
  key             TEXT PRIMARY KEY NOT NULL,
  config_hash     TEXT NOT NULL,
  workload_hash   TEXT NOT NULL,
  layers          TEXT NOT NULL,
  energy_hash     TEXT NOT NULL,
  engine          TEXT NOT NULL,
  result_version  INTEGER NOT NULL,
  program_version TEXT NOT NULL,
  machine         TEXT NOT NULL,
  config          TEXT NOT NULL,
  network         TEXT NOT NULL,
  source          TEXT NOT NULL,
  energy_table    TEXT NOT NULL,
  energy_unit     TEXT NOT NULL,
  total           TEXT NOT NULL,
  cycles          INTEGER NOT NULL,
  seconds         REAL NOT NULL,
  energy          REAL NOT NULL,
  verified        INTEGER NOT NULL,
  layer_rows      INTEGER,
  checksum        INTEGER
);
CREATE TABLE layers (
  point    TEXT NOT NULL REFERENCES points (key),
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  result   TEXT NOT NULL,
  per_pe_busy BLOB,
  checksum INTEGER,
  PRIMARY KEY (point, position)
);
CREATE TABLE areas (
  config_hash TEXT NOT NULL,
  area_hash   TEXT NOT NULL,
  um2         REAL NOT NULL,
  components  TEXT NOT NULL,
  checksum    INTEGER,
  PRIMARY KEY (config_hash, area_hash)
) WITHOUT ROWID;
CREATE TABLE sweeps (
  id              TEXT PRIMARY KEY NOT NULL,
  name            TEXT NOT NULL,
  text            TEXT NOT NULL,
  program_version TEXT NOT NULL,
  seed            INTEGER NOT NULL,
  axes            TEXT NOT NULL,
  objectives      TEXT NOT NULL,
  area_hash       TEXT NOT NULL,
  checksum        INTEGER
);
CREATE TABLE sweep_points (
  sweep        TEXT NOT NULL REFERENCES sweeps (id),
  position     INTEGER NOT NULL,
  point        TEXT NOT NULL,
  machine_name TEXT NOT NULL,
  checksum     INTEGER,
  PRIMARY KEY (sweep, position)
) WITHOUT ROWID;
CREATE TABLE claims (
  point TEXT PRIMARY KEY NOT NULL,
  owner INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

}  // namespace lacuna
