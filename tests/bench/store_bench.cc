// What does the store add to a point? Claims and inserts points of LeNet-5's size, each alone and whole, as a sweep
// does.
//
//   bench_store FOLDER RESULT_JSON [POINTS]
//
// RESULT_JSON is a result of `lacuna run -o`; FOLDER is where the store is made and removed again.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sweep/store.h"

using namespace lacuna;
using Clock = std::chrono::steady_clock;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::filesystem::path path = std::filesystem::path(argv[1]) / "bench.sqlite";
  const int points = argc > 3 ? std::atoi(argv[3]) : 2000;
  std::ostringstream text;
  text << std::ifstream(argv[2]).rdbuf();
  double convert = 0, claim = 0, insert = 0;
  const auto timed = [](double& sum, const auto& work) {
    const auto begin = Clock::now();
    work();
    sum += std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  };
  {
    Store store(path, Store::Mode::Create);
    for (int i = 0; i < points; ++i) {
      StoredPoint point;
      timed(convert, [&] { point = point_from_result(text.str(), ""); });
      point.identity.config_hash = fmt::format("{:032x}", i * 2654435761u);
      point.key = point.identity.key();
      timed(claim, [&] { (void)store.claim(point.key); });
      timed(insert, [&] { (void)store.insert(point); });
    }
  }
  const auto bytes = std::filesystem::file_size(path);
  std::filesystem::remove(path);
  fmt::print("{} points: {:.3f} ms a point (JSON {:.3f}, claim {:.3f}, insert {:.3f}), {:.1f} KiB a point\n", points,
             (convert + claim + insert) / points, convert / points, claim / points, insert / points,
             static_cast<double>(bytes) / points / 1024);
}
