// The page of a report: whole, the same bytes for the same input, and no name in it can end or begin an element.
#include "report/page.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "report/front_order.h"
#include "sample.h"

using namespace lacuna;

namespace {

PageContent content(const std::string& name) {
  Report report = sample();
  report.workload = name;
  PageContent c;
  c.version = "1.2.3";
  c.results = {parse_result(to_json(report), "a/b/result.json"), parse_result(to_json(report), "c/b/result.json")};
  PageSweep sweep;
  sweep.name = name;
  for (const std::string rows : {"16", "8", "128", "8"}) {
    PagePoint point;
    point.settings = {{"array.rows", rows}, {"intersect.skip", "both"}, {"network", name}};
    point.cycles = 100;
    point.energy = 2.5;
    sweep.points.push_back(point);
  }
  c.sweeps = {sweep};
  return c;
}

/// The JSON in the page.
nlohmann::json data_of(const std::string& page) {
  const std::string begin = "id=\"data\">";
  const auto at = page.find(begin) + begin.size();
  return nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

}  // namespace

TEST_CASE("points on a front of two figures come first and then front by front") {
  PageSweep sweep;
  const auto add = [&](std::uint64_t cycles, double energy, double um2, const std::string& network = "net") {
    PagePoint point;
    point.settings = {{"network", network}};
    point.cycles = cycles;
    point.seconds = static_cast<double>(cycles);
    point.energy = energy;
    point.um2 = um2;
    sweep.points.push_back(point);
  };
  add(30, 30, 9);            // 0: behind 5
  add(10, 40, 9);            // 1: front
  add(40, 40, 9);            // 2: behind 0
  add(20, 20, 9);            // 3: front
  add(50, 50, 1);            // 4: behind all but the smallest
  add(20, 20, 9);            // 5: equal to 3, of which the front has one
  add(900, 900, 9, "else");  // 6: alone in its network
  CHECK(front_order(sweep) == std::vector<std::size_t>{1, 3, 4, 6, 5, 0, 2});
}

TEST_CASE("a page holds the figures of its results") {
  const auto data = data_of(to_page(content("net")));
  REQUIRE(data["results"].size() == 2);
  const auto& layer = data["results"][0]["layers"][1];
  CHECK(layer["name"] == "layer2");
  CHECK(layer["cycles"] == 2000);
  CHECK(layer["pe_cycles"]["imbalance"] == 6000);
  CHECK(layer["energy"]["dram"] == 200.0);
  CHECK(layer["busy"] == nlohmann::json::parse("[[1000, 1000, 1000], [1000, 1000, 1000]]"));
  CHECK(data["results"][0]["machine"]["pes"] == 6);
  CHECK(data["words"]["pe_classes"].size() == EnumNames<PeClass>::names.size());
}

TEST_CASE("results are told apart by the shortest ends of their paths") {
  const auto data = data_of(to_page(content("net")));
  CHECK(data["results"][0]["label"] == "a/b");
  CHECK(data["results"][1]["label"] == "c/b");
  PageContent c = content("net");
  c.results[1].file = "x/other.json";
  CHECK(data_of(to_page(c))["results"][0]["label"] == "b");
  CHECK(data_of(to_page(c))["results"][1]["label"] == "other.json");
  c.results[1] = c.results[0];
  CHECK(data_of(to_page(c))["results"][1]["label"] == "a/b (2)");
}

TEST_CASE("a sweep's settings are columns with their values in the order of numbers") {
  const auto sweep = data_of(to_page(content("net")))["sweeps"][0];
  REQUIRE(sweep["parameters"].size() == 1);
  CHECK(sweep["parameters"][0]["name"] == "array.rows");
  CHECK(sweep["parameters"][0]["values"] == nlohmann::json({"8", "16", "128"}));
  CHECK(sweep["parameters"][0]["index"] == nlohmann::json({1, 0, 2, 0}));
  CHECK(sweep["parameters"][0]["first"] == 1);
  CHECK(sweep["common"] == nlohmann::json::parse(R"([["intersect.skip", "both"], ["network", "net"]])"));
  CHECK(sweep["metrics"]["cycles"].size() == 4);
  CHECK(sweep["parameters"][0]["axis"] == true);
  CHECK_FALSE(sweep["metrics"].contains("area"));
  PageContent c = content("net");
  for (auto& point : c.sweeps[0].points) point.um2 = 5;
  CHECK(data_of(to_page(c))["sweeps"][0]["metrics"]["area"].size() == 4);
}

TEST_CASE("settings that follow from the axes of a sweep are told from them") {
  PageContent c = content("net");
  c.sweeps[0].axes = {"array.columns"};
  CHECK(data_of(to_page(c))["sweeps"][0]["parameters"][0]["axis"] == false);
  c.sweeps[0].axes = {"array.columns", "array.rows"};
  CHECK(data_of(to_page(c))["sweeps"][0]["parameters"][0]["axis"] == true);
}

TEST_CASE("a setting that a point does not have is a dash") {
  PageContent c = content("net");
  c.sweeps[0].points[1].settings.emplace_back("post.threshold", "3");
  const auto parameter = data_of(to_page(c))["sweeps"][0]["parameters"][1];
  CHECK(parameter["values"] == nlohmann::json({"-", "3"}));
  CHECK(parameter["index"] == nlohmann::json({0, 1, 0, 0}));
}

TEST_CASE("no name ends the element it stands in") {
  const std::string plain = to_page(content("net"));
  const std::string strange = to_page(content("</script><script>x()</script><!-- \"'\\ @STYLE@ @SCRIPTS@"));
  for (const std::string part : {"<script", "</script", "<!--", "<style"})
    CHECK(count(strange, part) == count(plain, part));
  CHECK(data_of(strange)["sweeps"][0]["name"].get<std::string>().starts_with(
      "</script><script>x()</script><!-- \"'\\ @STYLE@"));
}

TEST_CASE("a path that is no text is shown with a mark in its place") {
  PageContent c = content("net");
  c.results[0].file = "\xff/result.json";
  CHECK(data_of(to_page(c))["results"][0]["label"] == "\xef\xbf\xbd");
}

TEST_CASE("the same content gives the same page") { CHECK(to_page(content("net")) == to_page(content("net"))); }

TEST_CASE("a page names no other file and no host") {
  const std::string page = to_page(content("net"));
  for (const std::string part : {" src=", "@import", "url("}) CHECK(count(page, part) == 0);
  CHECK_THAT(page, Catch::Contains("default-src 'none'"));
}
