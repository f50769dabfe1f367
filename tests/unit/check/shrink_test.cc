// Shrinking keeps the failure and takes everything else away; a kept case is the same case when it is read again.
#include "check/shrink.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "../temporary_folder.h"
#include "check/compare_engines.h"
#include "check/kept_case.h"
#include "datapaths/intersect/systemc/engine.h"
#include "machine/config_reader.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

bool has_a_weight(const RandomCase& c, std::int64_t value) {
  for (const std::int64_t w : c.layer.weights.to_int64())
    if (w == value) return true;
  return false;
}

}  // namespace

TEST_CASE("a failure that needs one weight shrinks to one filter of one position") {
  RandomCase c = random_case(3);
  c.layer.name = "all";
  auto& s = c.layer.shape;
  s = ConvShape{.N = 3, .C = 7, .H = 6, .W = 5, .M = 9, .R = 2, .S = 3};
  c.layer.weights = Tensor(DType::Int8, {9, 7, 2, 3});
  c.layer.weights.as<std::int8_t>()[200] = 77;
  c.layer.input = Tensor(DType::UInt8, {3, 7, 6, 5});
  c.layer.bias.assign(9, 5);
  c.layer.requantise.assign(9, {});
  unsigned asked = 0;
  const RandomCase small = shrunk(
      c,
      [&](const RandomCase& smaller) {
        ++asked;
        return has_a_weight(smaller, 77);
      },
      true);
  const ConvShape& left = small.layer.shape;
  CHECK(left.M * left.C * left.R * left.S == 1);
  CHECK(left.N * left.H * left.W == 1);
  CHECK(small.layer.bias == std::vector<std::int64_t>{0});
  CHECK(small.layer.requantise.empty());
  CHECK(small.machine.array.rows == 1);
  CHECK(small.machine.array.columns == 1);
  CHECK(asked <= 200);
}

TEST_CASE("shrinking stops after as many attempts as it is given") {
  unsigned asked = 0;
  shrunk(
      random_case(5),
      [&](const RandomCase&) {
        ++asked;
        return true;
      },
      true, 3);
  CHECK(asked == 3);
}

TEST_CASE("a kept case is the same machine and layer when it is read again") {
  const auto engine = make_engine(EngineKind::Systemc);
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RandomCase c = random_case(seed);
    const TemporaryFolder folder;
    for (const auto& [name, contents] : files_of(c, "a test"))
      std::ofstream(folder.path() / name, std::ios::binary) << contents;
    const Machine machine = read_machine(yaml::load_file(folder.path() / "config.yaml"));
    const Workload workload = Workload::open(folder.path().string());
    const Layer layer = workload.load(0);
    INFO("seed " << seed << ": " << c.describe());
    const LayerOutcome a = engine->run(c.machine, c.layer, nullptr);
    const LayerOutcome b = engine->run(machine, layer, nullptr);
    CHECK(first_outcome_difference(a, b, Compare::Cycles) == "");
  }
}
