// The words for how a tensor lies in memory; storage.h says what each of them costs.
#pragma once

#include <array>
#include <string_view>

#include "base/enum_names.h"

namespace lacuna {

enum class StorageFormat { Dense, Bitmask, Rlc, Csc };

template <>
struct EnumNames<StorageFormat> {
  static constexpr std::array<std::string_view, 4> names = {"dense", "bitmask", "rlc", "csc"};
};

}  // namespace lacuna
