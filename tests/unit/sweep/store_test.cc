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

/// Makes a store what version 2 of the tables was: layers without per_pe_busy.
void make_version_2(const std::filesystem::path& path) {
  SQLite::Database(path.string(), SQLite::OPEN_READWRITE)
      .exec("ALTER TABLE layers DROP COLUMN per_pe_busy; PRAGMA user_version=2");
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
    raw.exec("BEGIN IMMEDIATE; DELETE FROM points; INSERT INTO layers VALUES ('half', 0, 'l', '{}', NULL)");
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

  SQLite::Database(store.path().string(), SQLite::OPEN_READWRITE).exec("UPDATE layers SET per_pe_busy = x'00ff'");
  CHECK_THROWS_WITH(store.point(p.key), Contains("s.sqlite: the busy PEs of layer 'l0' of point " + p.key +
                                                 " cannot be read: these bytes are not zlib's; the store is damaged"));
}

TEST_CASE("a store of version 2 is read as it is and a writer makes it version 3") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "old.sqlite", other = folder.path() / "other.sqlite";
  { Store(path, Store::Mode::Create).insert(example(1)); }
  make_version_2(path);
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
  CHECK(version() == 3);
  Store again(path, Store::Mode::Create);
  CHECK(again.merge(other) == 1);
  check_equal(again.point(example(2).key).value(), example(2));
}

TEST_CASE("two processes that open an old store at once upgrade it once") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "old.sqlite";
  { Store(path, Store::Mode::Create).insert(example(1)); }
  make_version_2(path);
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
                    Contains(": the store has version 9; this program reads versions 2 to 3"));
  SQLite::Database(newer.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version=1");
  CHECK_THROWS_WITH(Store(newer, Store::Mode::Write),
                    Contains(": the store has version 1; this program reads versions 2 to 3"));

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
