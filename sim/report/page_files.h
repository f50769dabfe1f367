// The files of sim/report/page and Chart.js, embedded in the program when it is built (page/embed.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace lacuna {

struct PageFile {
  std::string_view name, contents;
};

/// In the order in which the page runs its scripts.
const std::vector<PageFile>& page_files();

}  // namespace lacuna
