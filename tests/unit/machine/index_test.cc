// Numbers of one kind do not become numbers of another by themselves.
#include "machine/index.h"

#include <catch2/catch.hpp>
#include <concepts>
#include <type_traits>

using namespace lacuna;

namespace {

template <typename A, typename B>
concept Comparable = requires(A a, B b) {
  a == b;
  a < b;
};
template <typename List, typename At>
concept Indexable = requires(List list, At at) {
  list[at];
};

static_assert(!std::is_convertible_v<Row, Column>);
static_assert(!std::is_convertible_v<std::uint32_t, Row>);
static_assert(!std::is_convertible_v<TileIndex, StepIndex>);
static_assert(std::is_convertible_v<Row, std::uint32_t>);
static_assert(Comparable<Row, Row> && Comparable<Row, std::uint32_t>);
static_assert(!Comparable<Row, Column> && !Comparable<TileIndex, StepIndex>);
static_assert(Indexable<Per<Row, int>, Row> && !Indexable<Per<Row, int>, Column>);
static_assert(!Indexable<Per<Row, int>, std::uint32_t>);
static_assert(sizeof(Row) == sizeof(std::uint32_t) && std::is_trivially_copyable_v<Row>);

}  // namespace

TEST_CASE("an index counts and is a number where one is wanted") {
  Row row;
  CHECK(row == 0u);
  CHECK(row++ == 0u);
  CHECK(++row == 2u);
  CHECK(row * 3 + 1 == 7);
  CHECK(Row(4) > row);
  CHECK(fmt::format("{}", TileIndex(UINT64_MAX)) == "18446744073709551615");
  const Per<Column, int> list = {5, 6};
  CHECK(list[Column(1)] == 6);
  CHECK_THROWS_AS(list.at(Column(2)), std::out_of_range);
}
