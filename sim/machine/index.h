// Numbers that count one kind of thing each: a row is no column, a step no tile, and the compiler says so.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <concepts>
#include <cstdint>
#include <vector>

namespace lacuna {

/// The place of an `Of` among its kind. It is a number wherever one is wanted, but a number becomes one only by name
/// (`Row(3)`), and one of another kind never does. Numbers of two kinds cannot be compared.
template <typename Of, std::unsigned_integral Number = std::uint32_t>
class Index {
 public:
  constexpr Index() = default;
  template <std::integral Any>
  constexpr explicit Index(Any number) : number_(static_cast<Number>(number)) {}

  // NOLINTNEXTLINE(google-explicit-constructor): reading the number mixes nothing up.
  constexpr operator Number() const { return number_; }
  constexpr Index& operator++() {
    ++number_;
    return *this;
  }
  constexpr Index operator++(int) {
    const Index before = *this;
    ++number_;
    return before;
  }
  constexpr bool operator==(const Index&) const = default;
  constexpr auto operator<=>(const Index&) const = default;

  template <typename Other, typename Any>
  requires(!std::same_as<Of, Other>) bool operator==(const Index<Other, Any>&) const = delete;
  template <typename Other, typename Any>
  requires(!std::same_as<Of, Other>) std::strong_ordering operator<=>(const Index<Other, Any>&) const = delete;

 private:
  Number number_ = 0;
};

using Row = Index<struct OfRow>;        ///< of the array
using Column = Index<struct OfColumn>;  ///< of the array
using TileIndex = Index<struct OfTile, std::uint64_t>;
using StepIndex = Index<struct OfStep>;  ///< in its tile

/// One value for each `I`: a row cannot index what columns have.
template <typename I, typename T>
class Per : public std::vector<T> {
 public:
  using std::vector<T>::vector;

  const T& operator[](I at) const { return std::vector<T>::operator[](at); }
  T& operator[](I at) { return std::vector<T>::operator[](at); }
  const T& at(I at) const { return std::vector<T>::at(at); }
  T& at(I at) { return std::vector<T>::at(at); }
};

}  // namespace lacuna

template <typename Of, typename Number, typename Char>
struct fmt::formatter<lacuna::Index<Of, Number>, Char> : fmt::formatter<Number, Char> {};
