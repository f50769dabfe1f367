// The intersect family, as the list of families knows it.
#pragma once

#include "machine/family.h"

namespace lacuna::intersect {

const Family& family();

}  // namespace lacuna::intersect
