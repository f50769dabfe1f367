#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lacuna {

unsigned available_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
  return std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t parts, unsigned threads, const std::function<void(std::size_t, unsigned)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::size_t failed_part = parts;
  std::exception_ptr failure;
  // Parts are begun in order, so every part below one that failed has been begun and will be heard of.
  const auto run = [&](unsigned worker) {
    while (!failed) {
      const std::size_t part = next++;
      if (part >= parts) return;
      try {
        work(part, worker);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failed = true;
        if (part < failed_part) {
          failed_part = part;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const auto workers = static_cast<unsigned>(std::min<std::size_t>(threads, parts));
    for (unsigned worker = 1; worker < workers; ++worker) others.emplace_back(run, worker);
    run(0);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace lacuna
