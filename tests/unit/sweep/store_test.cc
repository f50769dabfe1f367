// What the store promises: whole points, known by content, shared by processes.
#include "sweep/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "../temporary_folder.h"
#include "base/error.h"

using namespace lacuna;
using Catch::Matchers::Contains;

namespace {

/// A point with `layers` layers whose numbers follow from `number`.
StoredPoint example(int number, int layers = 3) {
  StoredPoint p;
  p.identity = {.config_hash = "c" + std::to_string(number),
                .workload_hash = "w",
                .layers = "",
                .energy_hash = "e",
                .engine = "fast"};
  p.key = p.identity.key();
  p.program_version = "1";
  p.machine = "m";
  p.config = R"({"name":"m"})";
  p.network = "n";
  p.source = "s";
  p.energy_table = "45nm";
  p.energy_unit = "pJ";
  p.total = R"({"cycles":)" + std::to_string(number) + "}";
  p.cycles = static_cast<std::uint64_t>(number);
  p.seconds = 0.5;
  p.energy = 1.25 * number;
  p.verified = true;
  for (int i = 0; i < layers; ++i)
    p.layers.push_back({"l" + std::to_string(i), R"({"name":"l)" + std::to_string(i) + R"("})",
                        fmt::format("[[{0},{0}],[0,{1}]]", number, i)});
  return p;
}

void check_equal(const StoredPoint& a, const StoredPoint& b) {
  CHECK(a.key == b.key);
  CHECK(a.result_json() == b.result_json());
  CHECK(a.cycles == b.cycles);
  CHECK(a.energy == b.energy);
  CHECK(a.layers.size() == b.layers.size());
}

void change(const std::filesystem::path& path, const std::string& sql) {
  SQLite::Database(path.string(), SQLite::OPEN_READWRITE).exec(sql);
}

/// Makes a store what an older version of the tables was: 3 without checksums, 2 without per_pe_busy either.
void make_version(const std::filesystem::path& path, int version) {
  for (const char* table : {"points", "layers", "areas", "sweeps", "sweep_points"})
    change(path, fmt::format("ALTER TABLE {} DROP COLUMN checksum", table));
  change(path, "ALTER TABLE points DROP COLUMN layer_rows");
  if (version == 2) change(path, "ALTER TABLE layers DROP COLUMN per_pe_busy");
  change(path, fmt::format("PRAGMA user_version={}", version));
}

/// Runs `work` in a child process and returns how it ended.
template <typename Work>
int in_child(Work&& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a point comes back as it was stored") {
  const TemporaryFolder folder;
  Store store(folder.path() / "s.sqlite", Store::Mode::Create);
  const StoredPoint p = example(7);
  CHECK_FALSE(store.has(p.key));
  CHECK(store.insert(p));
  CHECK(store.has(p.key));
  check_equal(store.point(p.key).value(), p);
  CHECK_FALSE(store.point("other"));
}

TEST_CASE("a key changes with everything that decides numbers and with nothing else") {
  const PointIdentity base{"c", "w", "", "e", "fast", 1};
  const PointIdentity others[] = {{"d", "w", "", "e", "fast", 1},  {"c", "v", "", "e", "fast", 1},
                                  {"c", "w", "a", "e", "fast", 1}, {"c", "w", "", "f", "fast", 1},
                                  {"c", "w", "", "e", "rtl", 1},   {"c", "w", "", "e", "fast", 2}};
  CHECK(base.key() == PointIdentity(base).key());
  for (const auto& other : others) CHECK(other.key() != base.key());
  StoredPoint a = example(1), b = example(1);
  b.machine = "another name";
  CHECK(a.identity.key() == b.identity.key());
}

TEST_CASE("a point is stored once and its first result stays") {
  const TemporaryFolder folder;
  Store store(folder.path() / "s.sqlite", Store::Mode::Create);
  StoredPoint p = example(1);
  CHECK(store.insert(p));
  p.machine = "later";
  CHECK_FALSE(store.insert(p));
  CHECK(store.points() == 1);
  CHECK(store.point(p.key)->machine == "m");
}

TEST_CASE("points of a sweep come in the order of their positions and only finished ones") {
  const TemporaryFolder folder;
  Store store(folder.path() / "s.sqlite", Store::Mode::Create);
  store.insert(StoredSweep{"id", "name", "text", "1", 3, "[\"array.rows\"]", "[]", ""});
  store.insert(StoredSweep{"id", "again", "", "", 0, "", "", ""});
  std::vector<SweepPlace> places;
  for (int i = 0; i < 5; ++i) places.push_back({static_cast<std::uint64_t>(4 - i), example(i).key});
  store.insert("id", places);
  for (int i : {0, 3, 1}) store.insert(example(i));
  std::vector<std::uint64_t> cycles, positions;
  store.each_point_of("id", true, [&](std::uint64_t position, const StoredPoint& p) {
    positions.push_back(position);
    cycles.push_back(p.cycles);
    CHECK(p.layers.size() == 3);
    CHECK_FALSE(store.area(p.identity.config_hash, "a"));  // asking more meanwhile is allowed
  });
  CHECK(positions == std::vector<std::uint64_t>{1, 3, 4});
  CHECK(cycles == std::vector<std::uint64_t>{3, 1, 0});
  REQUIRE(store.sweeps().size() == 1);
  CHECK(store.sweeps()[0].name == "name");
  CHECK(store.places("id").size() == 5);
}

TEST_CASE("a claim of a live process keeps others away and a claim of a dead one does not") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "s.sqlite";
  const std::string key = example(1).key;
  int ready[2], done[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(done) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Store store(path, Store::Mode::Create);
    (void)store.claim(key);
    char c = 'x';
    (void)!::write(ready[1], &c, 1);
    (void)!::read(done[0], &c, 1);  // until it is killed
    ::_exit(0);
  }
  char c;
  REQUIRE(::read(ready[0], &c, 1) == 1);
  Store store(path, Store::Mode::Create);
  CHECK(store.claim(key) == Store::Claim::Elsewhere);
  CHECK(store.claim(example(2).key) == Store::Claim::Mine);
  CHECK(store.claim(example(2).key) == Store::Claim::Mine);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(store.claim(key) == Store::Claim::Mine);
  store.insert(example(1));
  CHECK(store.claim(key) == Store::Claim::Stored);
}

TEST_CASE("two stores in one process are two owners and a released claim is free") {
  const TemporaryFolder folder;
  Store one(folder.path() / "s.sqlite", Store::Mode::Create), two(folder.path() / "s.sqlite", Store::Mode::Write);
  CHECK(one.claim("k") == Store::Claim::Mine);
  CHECK(two.claim("k") == Store::Claim::Elsewhere);
  two.release("k");  // not its own
  CHECK(two.claim("k") == Store::Claim::Elsewhere);
  one.release("k");
  CHECK(two.claim("k") == Store::Claim::Mine);
}

TEST_CASE("a closed store is one file") {
  const TemporaryFolder folder;
  {
    Store one(folder.path() / "s.sqlite", Store::Mode::Create), two(folder.path() / "s.sqlite", Store::Mode::Create);
    one.insert(example(1));
    two.insert(example(2));
  }
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
  CHECK(files == 1);
  CHECK(Store(folder.path() / "s.sqlite", Store::Mode::Read).points() == 2);
}

TEST_CASE("a process killed in a transaction leaves nothing of it") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "s.sqlite";
  const int status = in_child([&] {
    Store store(path, Store::Mode::Create);
    store.insert(example(1));
    SQLite::Database raw(path.string(), SQLite::OPEN_READWRITE);
    raw.exec("BEGIN IMMEDIATE; DELETE FROM points; INSERT INTO layers VALUES ('half', 0, 'l', '{}', NULL, 0)");
    ::raise(SIGKILL);
  });
  CHECK(WIFSIGNALED(status));
  Store store(path, Store::Mode::Write);
  check_equal(store.point(example(1).key).value(), example(1));
  SQLite::Database raw(path.string());
  CHECK(raw.execAndGet("SELECT count(*) FROM layers").getInt() == 3);
}

TEST_CASE("a full disk is an error that leaves what was finished") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "s.sqlite";
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    Store store(path, Store::Mode::Create);
    const rlimit limit{600'000, 600'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int stored = 0;
    try {
      for (; stored < 10'000; ++stored) store.insert(example(stored));
    } catch (const UserError& error) {
      const std::string text = error.what();
      const bool said = text.find("cannot write the store: ") != std::string::npos &&
                        text.find("; what was finished is kept") != std::string::npos;
      ::_exit(said && stored > 10 && stored < 200 ? stored : 0);
    }
    ::_exit(0);
  });
  REQUIRE(WIFEXITED(status));
  const int stored = WEXITSTATUS(status);
  REQUIRE(stored != 0);
  Store store(path, Store::Mode::Create);
  CHECK(store.points() == static_cast<std::uint64_t>(stored));
  for (int i = 0; i < stored; ++i) check_equal(store.point(example(i).key).value(), example(i));
  CHECK(store.insert(example(stored)));
}

TEST_CASE("a store that is removed or replaced while it is written is an error") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "s.sqlite";
  Store store(path, Store::Mode::Create);
  store.insert(example(1));
  std::filesystem::rename(path, folder.path() / "moved.sqlite");
  CHECK_THROWS_WITH(store.insert(example(2)),
                    Contains("s.sqlite: the store was removed or replaced while it was in use"));
  std::ofstream(path) << "another file";
  CHECK_THROWS_WITH(store.insert(example(2)),
                    Contains("s.sqlite: the store was removed or replaced while it was in use"));
  std::filesystem::rename(folder.path() / "moved.sqlite", path);
  CHECK(store.insert(example(2)));
}

TEST_CASE("merging takes over what is new") {
  const TemporaryFolder folder;
  Store one(folder.path() / "one.sqlite", Store::Mode::Create);
  one.insert(example(1));
  {
    Store two(folder.path() / "two's.sqlite", Store::Mode::Create);
    two.insert(example(1));
    two.insert(example(2));
    two.insert(std::vector{StoredArea{"c2", "a", 5.5, "{}"}});
    two.insert(StoredSweep{"id", "name", "text", "1", 3, "[]", "[]", ""});
    two.insert("id", {{0, example(1).key}, {1, example(2).key}});
  }
  CHECK(one.merge(folder.path() / "two's.sqlite") == 1);
  CHECK(one.merge(folder.path() / "two's.sqlite") == 0);
  CHECK(one.points() == 2);
  check_equal(one.point(example(2).key).value(), example(2));
  check_equal(one.point(example(1).key).value(), example(1));
  CHECK(one.area("c2", "a")->um2 == 5.5);
  CHECK(one.places("id").size() == 2);
}

TEST_CASE("layers come with the busy cycles of their PEs") {
  const TemporaryFolder folder;
  Store store(folder.path() / "s.sqlite", Store::Mode::Create);
  StoredPoint large = example(1, 1), bare = example(2, 1);
  large.layers[0].per_pe_busy = "[[" + std::string(300'000, '7') + "]]";  // more than zlib takes at once
  bare.layers[0].per_pe_busy.clear();
  store.insert(large);
  store.insert(bare);
  CHECK(store.has_per_pe_busy(large.key));
  CHECK(store.point(large.key)->layers[0].per_pe_busy == large.layers[0].per_pe_busy);
  CHECK_FALSE(store.has_per_pe_busy(bare.key));
  CHECK(store.point(bare.key)->layers[0].per_pe_busy.empty());
  CHECK_THAT(store.point(bare.key)->result_json(), !Contains("per_pe_busy"));
  store.each_point(true, [](const StoredPoint& p) { CHECK(p.layers.at(0).per_pe_busy.empty()); });
  const StoredPoint p = example(5, 2);
  store.insert(p);
  CHECK_THAT(store.point(p.key)->result_json(), Contains(R"({"name":"l1","per_pe_busy":[[5,5],[0,1]]})"));
}

TEST_CASE("a store of version 2 is read as it is and a writer makes it the newest") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "old.sqlite", other = folder.path() / "other.sqlite";
  { Store(path, Store::Mode::Create).insert(example(1)); }
  make_version(path, 2);
  StoredPoint without = example(1);
  for (auto& layer : without.layers) layer.per_pe_busy.clear();
  const auto version = [&] { return SQLite::Database(path.string()).execAndGet("PRAGMA user_version").getInt(); };
  {
    const Store store(path, Store::Mode::Read);
    check_equal(store.point(example(1).key).value(), without);
    CHECK_FALSE(store.has_per_pe_busy(example(1).key));
  }
  CHECK(version() == 2);
  {  // merged into a new one
    Store store(other, Store::Mode::Create);
    store.insert(example(2));
    CHECK(store.merge(path) == 1);
    check_equal(store.point(example(1).key).value(), without);
    check_equal(store.point(example(2).key).value(), example(2));
  }
  CHECK(version() == 2);
  {
    Store store(path, Store::Mode::Write);
    CHECK_FALSE(store.insert(example(1)));  // what is there stays as it is
    CHECK(store.insert(example(3)));
    check_equal(store.point(example(1).key).value(), without);
    check_equal(store.point(example(3).key).value(), example(3));
  }
  CHECK(version() == 4);
  Store again(path, Store::Mode::Create);
  CHECK(again.merge(other) == 1);
  check_equal(again.point(example(2).key).value(), example(2));
}

TEST_CASE("two processes that open an old store at once upgrade it once") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "old.sqlite";
  { Store(path, Store::Mode::Create).insert(example(1)); }
  make_version(path, 2);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        Store(path, Store::Mode::Write).insert(example(10 + i));
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  const Store store(path, Store::Mode::Read);
  CHECK(store.points() == 5);
  CHECK(store.has_per_pe_busy(example(13).key));
}

TEST_CASE("a store of version 3 is read without checksums and gets them from the first who writes") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "old.sqlite";
  { Store(path, Store::Mode::Create).insert(example(1)); }
  make_version(path, 3);
  {
    const Store store(path, Store::Mode::Read);
    check_equal(store.point(example(1).key).value(), example(1));
    CHECK(store.damage().empty());
  }
  std::filesystem::copy(path, folder.path() / "damaged.sqlite");
  change(folder.path() / "damaged.sqlite", "UPDATE layers SET per_pe_busy = x'00ff'");
  CHECK_THROWS_WITH(Store(folder.path() / "damaged.sqlite", Store::Mode::Read).point(example(1).key),
                    Contains("damaged.sqlite: the busy PEs of layer 'l0' of point " + example(1).key +
                             " cannot be read: these bytes are not zlib's; the store is damaged"));
  { Store(path, Store::Mode::Write).insert(example(2)); }
  CHECK(Store(path, Store::Mode::Read).damage().empty());
  change(path, "UPDATE points SET cycles = 9 WHERE key = '" + example(1).key + "'");
  CHECK_FALSE(Store(path, Store::Mode::Read).has(example(1).key));
}

TEST_CASE("a damaged row is named and the sound ones are read") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "s.sqlite";
  {
    Store store(path, Store::Mode::Create);
    for (int i = 0; i < 3; ++i) store.insert(example(i));
    store.insert(StoredSweep{"id", "name", "text", "1", 3, "[]", "[]", ""});
    store.insert("id", {{0, example(0).key}, {1, example(1).key}, {2, example(2).key}});
    store.insert(StoredArea{"c1", "a", 5.5, "{}"});
  }
  const std::string key = example(1).key;
  const auto [sql, named, lost] = GENERATE_COPY(
      std::tuple("UPDATE points SET total = '{}' WHERE key = '" + key + "'", "point " + key, true),
      std::tuple("UPDATE points SET cycles = cycles + 1 WHERE key = '" + key + "'", "point " + key, true),
      std::tuple("UPDATE points SET energy = energy * 2 WHERE key = '" + key + "'", "point " + key, true),
      std::tuple("UPDATE points SET config_hash = 'x' WHERE key = '" + key + "'", "point " + key, true),
      std::tuple("UPDATE layers SET result = '{}' WHERE position = 1 AND point = '" + key + "'",
                 "a layer of point " + key, true),
      std::tuple("UPDATE layers SET per_pe_busy = x'00ff' WHERE position = 2 AND point = '" + key + "'",
                 "a layer of point " + key, true),
      std::tuple("DELETE FROM layers WHERE position = 2 AND point = '" + key + "'",
                 "point " + key + ", which lacks a layer", true),
      std::tuple("UPDATE areas SET um2 = 6", std::string("the area of configuration c1"), false),
      std::tuple("UPDATE sweeps SET axes = '[1]'", std::string("sweep id"), false),
      std::tuple("UPDATE sweep_points SET position = 7 WHERE position = 2", std::string("place 7 of sweep id"), false));
  INFO(sql);
  change(path, sql);
  {
    const Store store(path, Store::Mode::Read);
    CHECK(store.damage() == "a row is damaged: " + named);
    CHECK(store.has(key) == !lost);
    CHECK(store.point(key).has_value() == !lost);
    std::uint64_t seen = 0;
    store.each_point(true, [&](const StoredPoint& p) {
      ++seen;
      check_equal(store.point(p.key).value(), example(static_cast<int>(p.cycles)));
    });
    CHECK(seen == (lost ? 2 : 3));
  }
  // What is computed again takes the place of what is damaged.
  Store store(path, Store::Mode::Write);
  CHECK(store.claim(key) == (lost ? Store::Claim::Mine : Store::Claim::Stored));
  CHECK(store.insert(example(1)) == lost);
  store.insert(StoredSweep{"id", "name", "text", "1", 3, "[]", "[]", ""});
  store.insert(StoredArea{"c1", "a", 5.5, "{}"});
  change(path, "DELETE FROM sweep_points WHERE position = 7");
  CHECK(store.damage().empty());
  check_equal(store.point(key).value(), example(1));
}

TEST_CASE("merging leaves damaged points out and takes sound ones for damaged ones") {
  const TemporaryFolder folder;
  const auto a = folder.path() / "a.sqlite", b = folder.path() / "b.sqlite";
  for (const auto& path : {a, b}) {
    Store store(path, Store::Mode::Create);
    for (int i = 0; i < 4; ++i) store.insert(example(i));
  }
  change(a, "UPDATE layers SET result = '{}' WHERE point = '" + example(0).key + "'");
  change(b, "UPDATE points SET cycles = 77 WHERE key = '" + example(1).key + "'");
  Store store(a, Store::Mode::Write);
  CHECK(store.merge(b) == 1);
  CHECK(store.damage().empty());
  for (int i = 0; i < 4; ++i) check_equal(store.point(example(i).key).value(), example(i));

  Store empty(folder.path() / "c.sqlite", Store::Mode::Create);
  CHECK(empty.merge(b) == 3);
  CHECK_FALSE(empty.has(example(1).key));
}

TEST_CASE("two stores with different numbers for one point are not merged") {
  const TemporaryFolder folder;
  Store one(folder.path() / "one.sqlite", Store::Mode::Create);
  one.insert(example(1));
  StoredPoint other = example(1);
  other.cycles = 2;
  {
    Store two(folder.path() / "two.sqlite", Store::Mode::Create);
    two.insert(other);
    two.insert(example(3));
  }
  CHECK_THROWS_WITH(one.merge(folder.path() / "two.sqlite"),
                    Contains("two.sqlite: point " + other.key + " has other numbers than in ") &&
                        Catch::EndsWith(": one of the two is wrong; nothing is merged"));
  CHECK(one.points() == 1);
  { Store(folder.path() / "three.sqlite", Store::Mode::Create).insert(example(3)); }
  CHECK(one.merge(folder.path() / "three.sqlite") == 1);  // nothing of the failed one is in the way
}

TEST_CASE("files that are no stores are refused and left alone") {
  const TemporaryFolder folder;
  const auto text = folder.path() / "text";
  std::ofstream(text) << std::string(5000, 'x');
  CHECK_THROWS_WITH(Store(text, Store::Mode::Create), text.string() + ": is no store of lacuna sweep");
  CHECK(std::filesystem::file_size(text) == 5000);

  const auto foreign = folder.path() / "foreign.sqlite";
  SQLite::Database(foreign.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE mine (a)");
  CHECK_THROWS_WITH(Store(foreign, Store::Mode::Create), Contains(": is no store of lacuna sweep"));
  CHECK_THROWS_WITH(Store(foreign, Store::Mode::Write), Contains(": is no store of lacuna sweep"));

  const auto newer = folder.path() / "newer.sqlite";
  { Store store(newer, Store::Mode::Create); }
  SQLite::Database(newer.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version=9");
  CHECK_THROWS_WITH(Store(newer, Store::Mode::Read),
                    Contains(": the store has version 9; this program reads versions 2 to 4"));
  SQLite::Database(newer.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version=1");
  CHECK_THROWS_WITH(Store(newer, Store::Mode::Write),
                    Contains(": the store has version 1; this program reads versions 2 to 4"));

  CHECK_THROWS_WITH(Store(folder.path() / "none", Store::Mode::Read), Contains(": there is no such store"));
  CHECK_THROWS_WITH(Store(folder.path(), Store::Mode::Create), Contains(": is a folder; a store is a file"));
  CHECK_THROWS_WITH(Store(folder.path() / "a/b", Store::Mode::Create), Contains(": there is no folder '"));

  std::filesystem::create_symlink(folder.path() / "nowhere/s", folder.path() / "dangling");
  CHECK_THROWS_WITH(Store(folder.path() / "dangling", Store::Mode::Create), Contains(": cannot open the store: "));

  const auto damaged = folder.path() / "damaged.sqlite";
  { Store(damaged, Store::Mode::Create).insert(example(1)); }
  std::fstream(damaged, std::ios::in | std::ios::out).seekp(4096).write(std::string(20480, '\xff').data(), 20480);
  CHECK_THROWS_WITH(Store(damaged, Store::Mode::Read).has(example(1).key), Contains(": the store is damaged: "));
}
