// The families of the test programs: those of the program, and the toy.
#include <array>

#include "toy.h"

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
      &toy::family(),
  };
#undef LACUNA_FAMILY
  return list;
}

}  // namespace lacuna
