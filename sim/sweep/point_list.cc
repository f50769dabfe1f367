#include "sweep/point_list.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace lacuna {

std::string point_list(const std::vector<PointTask>& tasks) {
  std::string text;
  for (const auto& task : tasks) text += fmt::format("{} {} {}\n", task.configuration, task.workload, task.key);
  return text;
}

std::vector<PointTask> read_point_list(const std::filesystem::path& path, const Sweep& sweep) {
  std::ifstream file(path);
  if (!file) fail(Place{path.string()}, "cannot read: {}", std::strerror(errno));
  std::vector<PointTask> tasks;
  Place place{path.string()};
  place.line = 0;
  for (std::string line; std::getline(file, line);) {
    ++place.line;
    PointTask task;
    task.position = tasks.size();
    std::istringstream words(line);
    if (!(words >> task.configuration >> task.workload >> task.key) || task.configuration >= sweep.space().size() ||
        task.workload >= sweep.workloads() || sweep.key(task.configuration, task.workload) != task.key)
      fail(place, "'{}' is no point of {}; a list serves the sweep file it was made from", line,
           sweep.file().path.string());
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace lacuna
