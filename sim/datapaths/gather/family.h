// The gather machine as the program sees it.
#pragma once

#include "machine/family.h"

namespace lacuna::gather {

const Family& family();

}  // namespace lacuna::gather
