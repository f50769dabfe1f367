// Names of other tools become names of layers, each its own.
#include "import/names.h"

#include <catch2/catch.hpp>

using namespace lacuna::imports;

TEST_CASE("characters a layer name cannot have become one underscore a run") {
  CHECK(legal_name("conv1") == "conv1");
  CHECK(legal_name("Q x K'") == "Q_x_K");
  CHECK(legal_name("Embedding/Pooling") == "Embedding_Pooling");
  CHECK(legal_name("-conv") == "_conv");
  CHECK(legal_name(".hidden") == "_hidden");
  CHECK(legal_name("\xe5\x8d\xb7 1") == "_1");
  CHECK(legal_name("''") == "layer");
  CHECK(legal_name("") == "layer");
  CHECK(legal_name("a_") == "a_");
  CHECK(legal_name("total") == "total_");
  CHECK(legal_name(std::string(130, 'x')) == std::string(100, 'x'));
}

TEST_CASE("equal names get a number and a name that looks numbered keeps clear of them") {
  DistinctNames names;
  CHECK(names.add("conv") == "conv");
  CHECK(names.add("conv") == "conv.2");
  CHECK(names.add("conv.2") == "conv.2.2");
  CHECK(names.add("conv") == "conv.3");
  const std::string longest(100, 'x');
  CHECK(names.add(longest) == longest);
  CHECK(names.add(longest) == longest.substr(0, 98) + ".2");
}
