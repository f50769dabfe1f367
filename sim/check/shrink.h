// The smallest case that still fails: what a person looks at.
#pragma once

#include <functional>

#include "check/random_case.h"

namespace lacuna {

/// Takes parts of `failing` away as long as `fails` holds of what is left: images, filters, channels, input rows and
/// columns, the kernel, bias, rescaling, the threshold. With `machine` also makes the array smaller and the machine
/// more like the default one, so that what is left to describe matters: a parameter becomes its default or else, a
/// number, its lowest value or half of it, a choice, its first word; never one with which the layer cannot run. `fails`
/// is asked `most` times at most.
RandomCase shrunk(RandomCase failing, const std::function<bool(const RandomCase&)>& fails, bool machine,
                  unsigned most = 400);

}  // namespace lacuna
