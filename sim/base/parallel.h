// Work that falls into independent parts, on several cores. What comes out must not depend on how many.
#pragma once

#include <cstddef>
#include <functional>

namespace lacuna {

/// Cores of this machine that the process may use, at least 1.
unsigned available_cores();

/// Calls work(part, worker) for every part below `parts`, in ascending order, on up to `threads` threads at once;
/// `worker` below `threads` names the thread, for scratch memory. Returns when all are done. If calls throw, no further
/// part is begun and what the lowest of them threw is thrown again: the same whatever `threads` is.
void parallel_for(std::size_t parts, unsigned threads,
                  const std::function<void(std::size_t part, unsigned worker)>& work);

}  // namespace lacuna
