// What is said of an explanation, from one made by hand; its file read back, and refused if damaged.
#include "report/explain_report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "../temporary_folder.h"
#include "base/atomic_file.h"
#include "base/error.h"

using namespace lacuna;

namespace {

/// Two layers of 600 and 400 cycles.
ExplainReport by_hand() {
  ExplainReport report;
  report.version = "1.2.3";
  report.workload = "net";
  report.source = "by hand";
  Explanation& e = report.explanation;
  e.layers = {"a", "b"};
  e.cycles = {600, 400};
  e.pe_cycles[PeClass::Busy] = 1;
  e.pe_cycles[PeClass::Imbalance] = 3;
  e.findings = {
      {"narrow", "the width", Evidence::Run, false, {"x.width=9"}, {610, 400}},
      {"late", "the latency", Evidence::Run, false, {"x.latency=0", "x.more=1"}, {550, 250}},
      {"memory", "all of them", Evidence::Run, true, {"x.latency=0"}, {300, 200}},
      {"perfect_balance", "waits", Evidence::AtMost, false, {}, {150, 100}},
  };
  e.cheapest = Change{1, {"x.latency=30"}, {580, 300}};
  return report;
}

}  // namespace

TEST_CASE("three sentences name the largest limit and the cheapest change and what is left") {
  ExplainReport report = by_hand();
  CHECK(
      explain_sentences(report) ==
      std::vector<std::string>{
          "The largest single limit is the latency (late): lifted, net takes 800 cycles instead of 1,000, 1.25x "
          "faster; most is won in b.",
          "--set x.latency=30 alone wins 60 % of that: 880 cycles, 1.14x faster.",
          "All of memory together is worth 50.0 % of the cycles; PEs do not go below 250 cycles: less takes more PEs, "
          "more multipliers or less work. Gains overlap and do not add up."});
  report.explanation.cheapest = Change{1, {"x.latency=0", "x.more=1"}, {550, 250}};
  CHECK(explain_sentences(report)[1] == "It takes --set x.latency=0 --set x.more=1; nothing nearer wins half of that.");
  report.explanation.cheapest.reset();
  CHECK(explain_sentences(report)[0] == "No single limit costs a cycle.");
}

TEST_CASE("the table of an explanation has runs first and those that win most in front") {
  const std::string text = explain_table(by_hand(), 100);
  CHECK_THAT(text, Catch::StartsWith("Cycles without one limit\n"
                                     "  limit lifted     kind     cycles  won  won %  most in\n"
                                     "  memory           run         500  500   50.0        a\n"
                                     "  late             run         800  200   20.0        b\n"
                                     "  narrow           run       1,010  -10   -1.0\n"
                                     "  perfect_balance  at most     250  750   75.0        a\n"));
  CHECK_THAT(text, Catch::Contains("  late: the latency; x.latency=0 x.more=1\n"));
  CHECK_THAT(text, Catch::Contains("1,000 cycles, 25.0 % of PE-cycles busy"));
  for (const std::size_t width : {60, 80}) {
    std::istringstream lines(explain_table(by_hand(), width));
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= width);
  }
}

TEST_CASE("a spreadsheet of an explanation has a line for each limit and layer") {
  const std::string csv = explain_csv(by_hand());
  CHECK_THAT(csv, Catch::StartsWith("limit,kind,settings,layer,cycles_before,cycles,won\n"
                                    "narrow,run,x.width=9,a,600,610,-10\n"
                                    "narrow,run,x.width=9,b,400,400,0\n"
                                    "narrow,run,x.width=9,total,1000,1010,-10\n"
                                    "late,run,x.latency=0 x.more=1,a,600,550,50\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 4 * 3);
}

TEST_CASE("an explanation is read back") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "e.json";
  write_file(file, explain_json(by_hand()));
  CHECK(is_explanation(file));
  const ExplainPage page = read_explanation(file);
  CHECK(page.workload == "net");
  CHECK(page.machine == "default");
  CHECK(page.sentences == explain_sentences(by_hand()));
  CHECK(page.cycles == 1000);
  REQUIRE(page.rows.size() == 4);
  CHECK(page.rows[0].won == std::vector<std::int64_t>{-10, 0});
  CHECK(page.rows[3].evidence == "at_most");
  CHECK(page.rows[1].settings == std::vector<std::string>{"x.latency=0", "x.more=1"});
  write_file(file, "{}");
  CHECK_FALSE(is_explanation(file));
  CHECK_FALSE(is_explanation(folder.path()));
  CHECK_FALSE(is_explanation(folder.path() / "none"));
}

TEST_CASE("a damaged explanation is refused in one line") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "e.json";
  const auto refused = [&](const std::function<void(nlohmann::ordered_json&)>& damage, const std::string& why) {
    auto json = nlohmann::ordered_json::parse(explain_json(by_hand()));
    damage(json);
    write_file(file, json.dump());
    CHECK_THROWS_WITH(read_explanation(file), file.string() + ": " + why);
  };
  refused([](auto& json) { json["limits"][1]["cycles"]["layers"][0] = 551; },
          "limits[1].cycles is not the sum of 2 layers; the file is damaged");
  refused([](auto& json) { json["layers"].push_back("c"); }, "cycles is not the sum of 3 layers; the file is damaged");
  refused([](auto& json) { json["limits"][0]["kind"] = "guess"; },
          "unknown limits[0].kind 'guess' (run, at_most, share)");
  refused([](auto& json) { json["limits"][0].erase("settings"); },
          "limits[0].settings is missing; it is damaged, or no result of this version");
}
