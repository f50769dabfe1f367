// The smallest case that still fails: what a person looks at.
#pragma once

#include <functional>

#include "check/random_case.h"

namespace lacuna {

/// Takes parts of `failing` away as long as `fails` holds of what is left: images, filters, channels, input rows and
/// columns, the kernel, bias, rescaling; with `machine` also rows, columns, lanes and the memory's limits. `fails` is
/// asked `most` times at most.
RandomCase shrunk(RandomCase failing, const std::function<bool(const RandomCase&)>& fails, bool machine,
                  unsigned most = 200);

}  // namespace lacuna
