// The words of an enumeration, said once: C++ values, YAML words and report texts come from the same table.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace lacuna {

/// Specialise with `static constexpr std::array<std::string_view, N> names`, in the order of the enumerators, which
/// count from 0 without gaps.
template <typename Enum>
struct EnumNames;

template <typename Enum>
constexpr std::size_t enum_count() {
  return EnumNames<Enum>::names.size();
}

template <typename Enum>
constexpr std::string_view name_of(Enum value) {
  return EnumNames<Enum>::names.at(static_cast<std::size_t>(value));
}

/// The enumerator called `word`, or UserError at `place` that lists the legal words; `what` names the parameter.
template <typename Enum>
Enum parse_enum(std::string_view word, const Place& place, std::string_view what) {
  const auto& names = EnumNames<Enum>::names;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == word) return static_cast<Enum>(i);
  throw UserError(place, unknown_word(what, word, names));
}

}  // namespace lacuna
