// SQLite does what is hard: a transaction is there or not, whatever kills the process.
//
// On a local disk the journal is a write-ahead log, so that readers and a writer do not wait for each other and a point
// costs one write. A log needs memory that processes share, which network file systems do not give: there it is the
// rollback journal.
#include "sweep/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "sweep/claim_locks.h"
#include "sweep/packed_json.h"
#include "sweep/row_checksum.h"
#include "sweep/store_file.h"
#include "sweep/store_schema.h"
#include "sweep/store_sql.h"

namespace lacuna {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// What SQLite complains of: the user's disk and files, or our statements.
[[noreturn]] void complain(const fs::path& path, const SQLite::Exception& error) {
  const Place place{path.string()};
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
      fail(place, "is no store of lacuna sweep");
    case SQLITE_CORRUPT:
      fail(place, "the store is damaged: {}", error.what());
    case SQLITE_CANTOPEN:
      fail(place, "cannot open the store: {}", error.what());
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_BUSY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
      fail(place, "cannot write the store: {}; what was finished is kept", error.what());
    default:
      throw Bug(fmt::format("{}: {} ({})", path.string(), error.what(), error.getExtendedErrorCode()));
  }
}

/// A row of kPoints.
StoredPoint read_point(SQLite::Statement& row) {
  StoredPoint p;
  int i = 0;
  const auto text = [&] { return row.getColumn(i++).getString(); };
  p.key = text();
  p.identity.config_hash = text();
  p.identity.workload_hash = text();
  p.identity.layers = text();
  p.identity.energy_hash = text();
  p.identity.engine = text();
  p.identity.result_version = static_cast<std::uint64_t>(row.getColumn(i++).getInt64());
  p.program_version = text();
  p.machine = text();
  p.config = text();
  p.network = text();
  p.source = text();
  p.energy_table = text();
  p.energy_unit = text();
  p.total = text();
  p.cycles = static_cast<std::uint64_t>(row.getColumn(i++).getInt64());
  p.seconds = row.getColumn(i++).getDouble();
  p.energy = row.getColumn(i++).getDouble();
  p.verified = row.getColumn(i++).getInt() != 0;
  return p;
}

}  // namespace

struct Store::Impl {
  fs::path path;
  std::unique_ptr<SQLite::Database> database;
  int version = kStoreVersion;        ///< of the tables
  std::unique_ptr<ClaimLocks> locks;  ///< of a store that is written
  std::optional<std::pair<dev_t, ino_t>> file;
  std::recursive_mutex mutex;  ///< a caller of each_point() may ask for more while it is called

  /// One statement for each text, compiled once.
  std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> statements;

  SQLite::Statement& statement(const std::string& sql) {
    auto at = statements.find(sql);
    if (at == statements.end()) at = statements.emplace(sql, std::make_unique<SQLite::Statement>(*database, sql)).first;
    at->second->tryReset();
    at->second->clearBindings();
    return *at->second;
  }

  /// Runs `work` alone and turns SQLite's complaints into ours.
  template <typename Work>
  auto alone(Work&& work) {
    const std::lock_guard lock(mutex);
    try {
      struct Reset {  // a statement in the middle of its rows would hold the file
        Impl& impl;
        ~Reset() {
          for (auto& entry : impl.statements) entry.second->tryReset();
        }
      } reset{*this};
      return work();
    } catch (const SQLite::Exception& error) {
      complain(path, error);
    }
  }

  /// The same in one transaction, which is there as a whole or not at all.
  template <typename Work>
  auto together(Work&& work) {
    if (!still_there()) fail(Place{path.string()}, "the store was removed or replaced while it was in use");
    return alone([&] {
      SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        transaction.commit();
      } else {
        auto result = work();
        transaction.commit();
        return result;
      }
    });
  }

  /// Whether the file that was opened is the one under its name.
  [[nodiscard]] bool still_there() {
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0) return false;
    if (!file) file = {now.st_dev, now.st_ino};
    return *file == std::pair(now.st_dev, now.st_ino);
  }

  int pragma(const char* name) { return database->execAndGet(fmt::format("PRAGMA {}", name)).getInt(); }

  void set_journal() {
    const bool network = on_network(path);
    for (int left = kPatience / 10;; --left) {  // SQLite does not wait here for other processes
      try {
        database->exec(network ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL");
        break;
      } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() != SQLITE_BUSY || left == 0) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    // A log that is written but not synced survives the death of the process, and keeps its order when the machine
    // dies.
    database->exec(network ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  }

  /// Refuses what is no store; with `create`, a file without any table becomes one.
  void check_kind(bool create) {
    const Place place{path.string()};
    if (create) {
      SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
      if (pragma("application_id") == 0 && database->execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0) {
        database->exec(kStoreSchema);
        database->exec(
            fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kStoreApplicationId, kStoreVersion));
        transaction.commit();
      }
    }
    if (pragma("application_id") != kStoreApplicationId) fail(place, "is no store of lacuna sweep");
    version = pragma("user_version");
    if (version < kOldestStoreVersion || version > kStoreVersion)
      fail(place, "the store has version {}; this program reads versions {} to {}", version, kOldestStoreVersion,
           kStoreVersion);
  }

  /// Refuses a store that lacks a table or a column.
  void check_tables() {
    const auto need = [&](std::string_view name, std::string_view columns) {
      try {
        const SQLite::Statement statement(*database, fmt::format("SELECT {} FROM {}", columns, name));
      } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() != SQLITE_ERROR) throw;
        fail(Place{path.string()}, "the store is damaged: {}", error.what());
      }
    };
    for (const StoreTable& table : kCheckedTables) need(fmt::format("sound_{}", table.name), "*");
    need("claims", "point, owner");
  }

  void upgrade() {
    if (version == kStoreVersion) return;
    SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
    if (const int present = pragma("user_version"); present != kStoreVersion) {  // another process may have been first
      database->exec(upgrade_from(present));
      database->exec(fmt::format("PRAGMA user_version={}", kStoreVersion));
    }
    transaction.commit();
    version = kStoreVersion;
  }

  void layers_of(StoredPoint& p, bool busy) {
    SQLite::Statement& row = statement(fmt::format(
        "SELECT name, result, {} FROM sound_layers WHERE point = ? ORDER BY position", busy ? "per_pe_busy" : "NULL"));
    row.bind(1, p.key);
    while (row.executeStep()) {
      const SQLite::Column packed = row.getColumn(2);
      const std::string_view bytes(static_cast<const char*>(packed.getBlob()),
                                   static_cast<std::size_t>(packed.getBytes()));
      try {
        p.layers.push_back({row.getColumn(0).getString(), row.getColumn(1).getString(), unpack_json(bytes)});
      } catch (const std::runtime_error& error) {
        fail(Place{path.string()}, "the busy PEs of layer '{}' of point {} cannot be read: {}; the store is damaged",
             row.getColumn(0).getString(), p.key, error.what());
      }
    }
  }

  bool has(std::string_view key) {
    SQLite::Statement& row = statement("SELECT 1 FROM sound_whole_points WHERE key = ?");
    row.bind(1, std::string(key));
    return row.executeStep();
  }

  /// A point of which a row is damaged.
  void forget_point(const std::string& key) {
    for (const char* sql : {"DELETE FROM layers WHERE point = ?", "DELETE FROM points WHERE key = ?"}) {
      SQLite::Statement& row = statement(sql);
      row.bind(1, key);
      row.exec();
    }
  }

  /// UserError if a point of the store that is attached as `other` has numbers of its own.
  void refuse_other_numbers(const fs::path& other);

  void forget_claim(std::string_view key) {
    SQLite::Statement& row = statement("DELETE FROM claims WHERE point = ? AND owner = ?");
    row.bind(1, std::string(key));
    row.bind(2, static_cast<std::int64_t>(locks->owner()));
    row.exec();
  }
};

Store::Store(const fs::path& path, Mode mode) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  const Place place{path.string()};
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) fail(place, "is a folder; a store is a file");
  if (mode != Mode::Create && !fs::exists(path, ignored)) fail(place, "there is no such store");
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(parent, ignored)) fail(place, "there is no folder '{}' to put it in", parent.string());
  impl_->alone([&] {
    if (mode == Mode::Read)
      impl_->database = open_for_reading(path, parent);
    else
      impl_->database = std::make_unique<SQLite::Database>(
          plain_name(path), SQLite::OPEN_READWRITE | (mode == Mode::Create ? SQLite::OPEN_CREATE : 0), kPatience);
    add_row_checksum(impl_->database->getHandle());
    impl_->database->exec("PRAGMA temp_store=MEMORY");
    if (mode != Mode::Read) {
      if (mode == Mode::Write) impl_->check_kind(false);  // before anything is written to a file that is not ours
      impl_->set_journal();
    }
    impl_->check_kind(mode == Mode::Create);
    if (mode != Mode::Read) impl_->upgrade();
    impl_->database->exec(make_views("main", "sound", impl_->version));
    impl_->check_tables();
    if (mode == Mode::Read) impl_->database->exec("PRAGMA query_only=ON");
  });
  if (mode == Mode::Read) return;
  impl_->locks = std::make_unique<ClaimLocks>(path.string() + "-owners");
  impl_->together([&] {  // whoever had this number before is dead
    SQLite::Statement& row = impl_->statement("DELETE FROM claims WHERE owner = ?");
    row.bind(1, static_cast<std::int64_t>(impl_->locks->owner()));
    row.exec();
  });
}

Store::~Store() = default;

const fs::path& Store::path() const { return impl_->path; }

bool Store::has(std::string_view key) const {
  return impl_->alone([&] { return impl_->has(key); });
}

bool Store::insert(const StoredPoint& p) {
  LACUNA_CHECK(p.key == p.identity.key(), "point '{}' is not what its key says", p.key);
  std::vector<std::string> busy;
  for (const auto& layer : p.layers) busy.push_back(pack_json(layer.per_pe_busy));
  return impl_->together([&] {
    impl_->forget_claim(p.key);
    if (impl_->has(p.key)) return false;
    impl_->forget_point(p.key);
    SQLite::Statement& row = impl_->statement(put_row(kPoints));
    int i = 0;
    for (const std::string* text : {&p.key, &p.identity.config_hash, &p.identity.workload_hash, &p.identity.layers,
                                    &p.identity.energy_hash, &p.identity.engine})
      row.bind(++i, *text);
    row.bind(++i, static_cast<std::int64_t>(p.identity.result_version));
    for (const std::string* text :
         {&p.program_version, &p.machine, &p.config, &p.network, &p.source, &p.energy_table, &p.energy_unit, &p.total})
      row.bind(++i, *text);
    row.bind(++i, static_cast<std::int64_t>(p.cycles));
    row.bind(++i, p.seconds);
    row.bind(++i, p.energy);
    row.bind(++i, p.verified ? 1 : 0);
    row.bind(++i, static_cast<std::int64_t>(p.layers.size()));
    row.exec();
    for (std::size_t position = 0; position < p.layers.size(); ++position) {
      SQLite::Statement& layer = impl_->statement(put_row(kLayers));
      layer.bind(1, p.key);
      layer.bind(2, static_cast<std::int64_t>(position));
      layer.bind(3, p.layers[position].name);
      layer.bind(4, p.layers[position].result);
      if (const std::string& packed = busy[position]; !packed.empty())  // else it stays NULL
        layer.bind(5, packed.data(), static_cast<int>(packed.size()));
      layer.exec();
    }
    return true;
  });
}

std::optional<StoredPoint> Store::point(std::string_view key, bool layers) const {
  return impl_->alone([&]() -> std::optional<StoredPoint> {
    SQLite::Statement& row = impl_->statement(fmt::format("SELECT {} FROM {} WHERE key = ?", kPoints.columns,
                                                          layers ? "sound_whole_points" : "sound_points"));
    row.bind(1, std::string(key));
    if (!row.executeStep()) return std::nullopt;
    StoredPoint p = read_point(row);
    if (layers) impl_->layers_of(p, true);
    return p;
  });
}

bool Store::has_per_pe_busy(std::string_view key) const {
  return impl_->alone([&] {
    SQLite::Statement& row = impl_->statement("SELECT 1 FROM sound_layers WHERE point = ? AND per_pe_busy IS NOT NULL");
    row.bind(1, std::string(key));
    return row.executeStep();
  });
}

std::uint64_t Store::points() const {
  return impl_->alone([&] {
    return static_cast<std::uint64_t>(impl_->database->execAndGet("SELECT count(*) FROM sound_points").getInt64());
  });
}

void Store::each_point(bool layers, const std::function<void(const StoredPoint&)>& use) const {
  impl_->alone([&] {
    SQLite::Statement row(*impl_->database, fmt::format("SELECT {} FROM {} ORDER BY key", kPoints.columns,
                                                        layers ? "sound_whole_points" : "sound_points"));
    while (row.executeStep()) {
      StoredPoint p = read_point(row);
      if (layers) impl_->layers_of(p, false);
      use(p);
    }
  });
}

void Store::each_point_of(const std::string& sweep, bool layers,
                          const std::function<void(std::uint64_t, const StoredPoint&)>& use) const {
  impl_->alone([&] {
    SQLite::Statement row(
        *impl_->database,
        fmt::format("SELECT {}, position, machine_name FROM sound_sweep_points JOIN {} ON point = key "
                    "WHERE sweep = ? ORDER BY position",
                    kPoints.columns, layers ? "sound_whole_points" : "sound_points"));
    row.bind(1, sweep);
    while (row.executeStep()) {
      StoredPoint p = read_point(row);
      if (layers) impl_->layers_of(p, false);
      const int position = row.getColumnCount() - 2;
      if (const std::string name = row.getColumn(position + 1).getString(); !name.empty() && name != p.machine) {
        Json config = Json::parse(p.config);
        config["name"] = p.machine = name;
        p.config = config.dump();
      }
      use(static_cast<std::uint64_t>(row.getColumn(position).getInt64()), p);
    }
  });
}

void Store::insert(const std::vector<StoredArea>& areas) {
  impl_->together([&] {
    for (const auto& area : areas) {
      SQLite::Statement& row = impl_->statement(put_row(kAreas));
      row.bind(1, area.config_hash);
      row.bind(2, area.area_hash);
      row.bind(3, area.um2);
      row.bind(4, area.components);
      row.exec();
    }
  });
}

std::optional<StoredArea> Store::area(std::string_view config_hash, std::string_view area_hash) const {
  return impl_->alone([&]() -> std::optional<StoredArea> {
    SQLite::Statement& row =
        impl_->statement("SELECT um2, components FROM sound_areas WHERE config_hash = ? AND area_hash = ?");
    row.bind(1, std::string(config_hash));
    row.bind(2, std::string(area_hash));
    if (!row.executeStep()) return std::nullopt;
    return StoredArea{std::string(config_hash), std::string(area_hash), row.getColumn(0).getDouble(),
                      row.getColumn(1).getString()};
  });
}

void Store::insert(const StoredSweep& sweep) {
  impl_->together([&] {
    SQLite::Statement& row = impl_->statement(put_row(kSweeps));
    int i = 0;
    for (const std::string* text : {&sweep.id, &sweep.name, &sweep.text, &sweep.program_version}) row.bind(++i, *text);
    row.bind(++i, static_cast<std::int64_t>(sweep.seed));
    for (const std::string* text : {&sweep.axes, &sweep.objectives, &sweep.area_hash}) row.bind(++i, *text);
    row.exec();
  });
}

void Store::insert(const std::string& sweep, const std::vector<SweepPlace>& places) {
  impl_->together([&] {
    for (const auto& place : places) {
      SQLite::Statement& row = impl_->statement(put_row(kSweepPoints));
      row.bind(1, sweep);
      row.bind(2, static_cast<std::int64_t>(place.position));
      row.bind(3, place.key);
      row.bind(4, place.machine);
      row.exec();
    }
  });
}

std::vector<StoredSweep> Store::sweeps() const {
  return impl_->alone([&] {
    std::vector<StoredSweep> list;
    SQLite::Statement& row = impl_->statement(
        "SELECT id, name, text, program_version, seed, axes, objectives, area_hash FROM sound_sweeps ORDER BY name, "
        "id");
    while (row.executeStep()) {
      StoredSweep sweep;
      sweep.id = row.getColumn(0).getString();
      sweep.name = row.getColumn(1).getString();
      sweep.text = row.getColumn(2).getString();
      sweep.program_version = row.getColumn(3).getString();
      sweep.seed = static_cast<std::uint64_t>(row.getColumn(4).getInt64());
      sweep.axes = row.getColumn(5).getString();
      sweep.objectives = row.getColumn(6).getString();
      sweep.area_hash = row.getColumn(7).getString();
      list.push_back(std::move(sweep));
    }
    return list;
  });
}

std::vector<SweepPlace> Store::places(const std::string& sweep) const {
  return impl_->alone([&] {
    std::vector<SweepPlace> list;
    SQLite::Statement& row = impl_->statement(
        "SELECT position, point, machine_name FROM sound_sweep_points WHERE sweep = ? ORDER BY position");
    row.bind(1, sweep);
    while (row.executeStep())
      list.push_back({static_cast<std::uint64_t>(row.getColumn(0).getInt64()), row.getColumn(1).getString(),
                      row.getColumn(2).getString()});
    return list;
  });
}

Store::Claim Store::claim(std::string_view key) {
  return impl_->together([&] {
    if (impl_->has(key)) return Claim::Stored;
    SQLite::Statement& row = impl_->statement("SELECT owner FROM claims WHERE point = ?");
    row.bind(1, std::string(key));
    if (row.executeStep()) {
      const std::int64_t owner = row.getColumn(0).getInt64();
      if (owner != impl_->locks->owner() && impl_->locks->alive(owner)) return Claim::Elsewhere;
    }
    row.reset();
    SQLite::Statement& take = impl_->statement("INSERT OR REPLACE INTO claims VALUES (?,?)");
    take.bind(1, std::string(key));
    take.bind(2, static_cast<std::int64_t>(impl_->locks->owner()));
    take.exec();
    return Claim::Mine;
  });
}

void Store::release(std::string_view key) {
  impl_->together([&] { impl_->forget_claim(key); });
}

std::string Store::damage() const {
  return impl_->alone([&]() -> std::string {
    if (impl_->version != kStoreVersion) return "";
    std::vector<std::string> rows;
    const auto add = [&](const std::string& sql) {
      SQLite::Statement row(*impl_->database, sql);
      while (row.executeStep()) rows.push_back(row.getColumn(0).getString());
    };
    for (const StoreTable& table : kCheckedTables) add(damaged_rows(table));
    add("SELECT 'point ' || key || ', which lacks a layer' FROM sound_points p "
        "WHERE layer_rows != (SELECT count(*) FROM layers WHERE point = p.key)");
    if (rows.empty()) return "";
    return fmt::format("{} damaged: {}{}", rows.size() == 1 ? "a row is" : fmt::format("{} rows are", rows.size()),
                       rows.front(), rows.size() == 1 ? "" : ", ...");
  });
}

void Store::Impl::refuse_other_numbers(const fs::path& other) {
  SQLite::Statement& row = statement(
      "SELECT key FROM sound_points a JOIN other_points b USING (key) "
      "WHERE (a.cycles, a.seconds, a.energy, a.total) IS NOT (b.cycles, b.seconds, b.energy, b.total)");
  if (row.executeStep())
    fail(Place{other.string()}, "point {} has other numbers than in {}: one of the two is wrong; nothing is merged",
         row.getColumn(0).getString(), path.string());
}

std::uint64_t Store::merge(const fs::path& other) {
  const int version = Store(other, Mode::Read).impl_->version;  // refuses what is no store, with its name
  return impl_->alone([&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Statement attach(database, "ATTACH ? AS other");
    attach.bind(1, plain_name(other));
    attach.exec();
    struct Detach {
      Impl& impl;
      ~Detach() {
        for (auto& entry : impl.statements) entry.second->tryReset();
        impl.database->tryExec(drop_views("other") + "; DETACH other");
      }
    } detach{*impl_};
    database.exec(make_views("other", "other", version));
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    impl_->refuse_other_numbers(other);
    database.exec(
        "CREATE TEMP TABLE new_points AS SELECT key FROM other_whole_points "
        "WHERE key NOT IN (SELECT key FROM sound_whole_points);"
        "DELETE FROM main.layers WHERE point IN (SELECT key FROM new_points);"
        "DELETE FROM main.points WHERE key IN (SELECT key FROM new_points)");
    const int added = database.exec(put_rows(kPoints, "(SELECT * FROM other_points JOIN new_points USING (key))"));
    database.exec(put_rows(kLayers, "(SELECT * FROM other_layers JOIN new_points ON point = key)"));
    for (const StoreTable& table : {kAreas, kSweeps, kSweepPoints})
      database.exec(put_rows(table, fmt::format("other_{}", table.name)));
    database.exec("DROP TABLE new_points");
    transaction.commit();
    return static_cast<std::uint64_t>(added);
  });
}

}  // namespace lacuna
