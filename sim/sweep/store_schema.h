// The tables of a store. README.md says what their columns mean; other programs may read them.
#pragma once

namespace lacuna {

/// "Lcna", in the header of the file, so that no other SQLite file is taken for a store.
constexpr int kStoreApplicationId = 0x4c636e61;
/// Raised with the schema; a store of a newer version is refused.
constexpr int kStoreVersion = 3;
/// The oldest version that is read; the first writer makes it the newest by kStoreUpgrade. It has no busy PEs.
constexpr int kOldestStoreVersion = 2;
constexpr const char* kStoreUpgrade = "ALTER TABLE layers ADD COLUMN per_pe_busy BLOB";

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
  verified        INTEGER NOT NULL
);
CREATE TABLE layers (
  point    TEXT NOT NULL REFERENCES points (key),
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  result   TEXT NOT NULL,
  per_pe_busy BLOB,
  PRIMARY KEY (point, position)
);
CREATE TABLE areas (
  config_hash TEXT NOT NULL,
  area_hash   TEXT NOT NULL,
  um2         REAL NOT NULL,
  components  TEXT NOT NULL,
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
  area_hash       TEXT NOT NULL
);
CREATE TABLE sweep_points (
  sweep        TEXT NOT NULL REFERENCES sweeps (id),
  position     INTEGER NOT NULL,
  point        TEXT NOT NULL,
  machine_name TEXT NOT NULL,
  PRIMARY KEY (sweep, position)
) WITHOUT ROWID;
CREATE TABLE claims (
  point TEXT PRIMARY KEY NOT NULL,
  owner INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

}  // namespace lacuna
