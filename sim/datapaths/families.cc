// The list of families. A program that has others as well defines families() itself.
#include <array>

#include "machine/family.h"

namespace lacuna {

#define LACUNA_FAMILY(name) \
  namespace name {          \
  const Family& family();   \
  }
#include "datapaths/families.def"
#undef LACUNA_FAMILY

std::span<const Family* const> families() {
#define LACUNA_FAMILY(name) &name::family(),
  static const std::array list = {
#include "datapaths/families.def"
  };
#undef LACUNA_FAMILY
  return list;
}

}  // namespace lacuna
