// YAML: what is read, where it stands, and the whole text of every refusal.
#include "base/yaml.h"

#include <catch2/catch.hpp>

#include "../temporary_folder.h"

using namespace lacuna;
using yaml::Kind;
using yaml::load_text;
using yaml::Node;

namespace {

/// The whole error text of reading `text`, "(no error)" if there is none.
std::string refusal(const std::string& text) {
  try {
    load_text(text, "f");
  } catch (const UserError& error) {
    return error.what();
  }
  return "(no error)";
}

/// The value of `a` in "a: TEXT".
Node value_of(const std::string& text) { return *load_text("a: " + text, "f").find("a"); }

}  // namespace

TEST_CASE("a document keeps the order and the place of every word") {
  const Node root = load_text("b: 1\na:\n  - x\n  - 'y'\n", "f");
  REQUIRE(root.kind == Kind::Map);
  REQUIRE(root.entries.size() == 2);
  CHECK(root.entries[0].first.text == "b");
  CHECK(root.entries[1].first.place.text() == "f:2:1");
  const Node& list = root.entries[1].second;
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].place.text() == "f:3:5");
  CHECK_FALSE(list.items[0].quoted);
  CHECK(list.items[1].quoted);
  CHECK(root.find("none") == nullptr);
}

TEST_CASE("an alias is a copy of what it names") {
  const Node root = load_text("a: &x {k: 1}\nb: *x\n", "f");
  CHECK(root.find("b")->find("k")->scalar == "1");
}

TEST_CASE("broken documents are refused with place and whole text") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "f: the file is empty"},
      {"# only a comment\n", "f: the file is empty"},
      {"a: 1\nb: 2\na: 3\n", "f:3:1: key 'a' is given twice; first in line 1"},
      {"a: {b: 1, b: 2}\n", "f:1:11: key 'b' is given twice; first in line 1"},
      {"a: 1\n---\nb: 2\n", "f:2:1: a second document begins; one file holds one document"},
      {"a:\n\tb: 1\n", "f:2:1: YAML syntax error: a tab in the indentation; use spaces"},
      {"a: [1, 2\n", "f:2:1: YAML syntax error: end of sequence flow not found"},
      {"a: b: c\n", "f:1:5: YAML syntax error: illegal map value"},
      {"a: \"x\n", "f: YAML syntax error: a quoted text is never closed"},
      {"a: *y\n", "f:1:4: YAML syntax error: the referenced anchor is not defined"},
      {"a: &x [*x]\n", "f:1:8: the alias stands inside the value it names"},
      {"a: !!int 3\n", "f:1:4: tag 'tag:yaml.org,2002:int' is not allowed; leave it out"},
      {"? {a: 1}\n: 2\n", "f:1:3: a key must be a word"},
      {std::string("a: \0", 4), "f:1:4: byte 0x00 is not text"},
      {"a: \"x\\e[2J\"\n", "f:1:4: character 0x1b is not text"},
      {"a: [\"\\u009b2J\"]\n", "f:1:5: character 0x9b is not text"},
      {"\"\\r\": 1\n", "f:1:1: character 0x0d is not text"},
      {"a: \"\\0\"\n", "f:1:4: character 0x00 is not text"},
      {"a: 1\nb: \xff\n", "f:2:4: byte 0xff is not UTF-8 text"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(refusal(text) == expected);
  }
  CHECK_THAT(refusal(std::string(100000, '[')), Catch::EndsWith("YAML syntax error: nested too deeply"));
}

TEST_CASE("aliases of aliases cannot fill the memory") {
  std::string text = "a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n";
  for (int i = 1; i < 9; ++i) {
    text += fmt::format("a{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) text += fmt::format("*a{}{}", i - 1, j < 9 ? ", " : "]\n");
  }
  CHECK_THAT(refusal(text), Catch::EndsWith("the document has more than 1000000 values"));
}

TEST_CASE("files that cannot be read are refused") {
  const TemporaryFolder folder;
  CHECK(error_text(folder, [&] { yaml::load_file(folder.path() / "no.yaml"); }) ==
        "no.yaml: cannot read: No such file or directory");
  std::filesystem::create_directory(folder.path() / "d");
  CHECK(error_text(folder, [&] { yaml::load_file(folder.path() / "d"); }) == "d: cannot read: it is a folder");
  folder.write("big.yaml", "");
  std::filesystem::resize_file(folder.path() / "big.yaml", (std::uintmax_t{64} << 20) + 1);
  CHECK(error_text(folder, [&] { yaml::load_file(folder.path() / "big.yaml"); }) ==
        "big.yaml: the file is larger than 64 MiB");
}

TEST_CASE("whole numbers are decimal digits and nothing else") {
  CHECK(yaml::to_integer(value_of("12"), "n", 0, 100) == 12);
  CHECK(yaml::to_integer(value_of("-3"), "n", -5, 5) == -3);
  CHECK(yaml::to_integer(value_of("+3"), "n", -5, 5) == 3);
  CHECK(yaml::to_integer(value_of("1_000"), "n", 0, 5000) == 1000);
  CHECK(yaml::to_integer(value_of("0"), "n", 0, 1) == 0);
  for (const std::string text : {"010", "0x10", "1.0", "1e3", "_1", "1_", "1__0", "ten", "true", "--1", "1 0"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(yaml::to_integer(value_of(text), "n", 0, 9),
                      fmt::format("f:1:4: n is '{}'; need a whole number in decimal digits, 0..9", text));
  }
  CHECK_THROWS_WITH(yaml::to_integer(value_of("'1'"), "n", 0, 9),
                    "f:1:4: n is '1'; need a whole number in decimal digits, 0..9");
  CHECK_THROWS_WITH(yaml::to_integer(value_of("10"), "n", 0, 9), "f:1:4: n is 10; allowed 0..9");
  CHECK_THROWS_WITH(yaml::to_integer(value_of("-1"), "n", 0, 9), "f:1:4: n is -1; allowed 0..9");
  CHECK_THROWS_WITH(yaml::to_integer(value_of("99999999999999999999"), "n", 0, 9),
                    "f:1:4: n is 99999999999999999999; allowed 0..9");
  CHECK_THROWS_WITH(yaml::to_integer(value_of("[1]"), "n", 0, 9), "f:1:4: n is a list; need a whole number");
  CHECK_THROWS_WITH(yaml::to_integer(value_of("{b: 1}"), "n", 0, 9), "f:1:4: n is a map; need a whole number");
  CHECK_THROWS_WITH(yaml::to_integer(value_of("~"), "n", 0, 9), "f:1:4: n is empty; need a whole number");
}

TEST_CASE("real numbers are decimal and finite") {
  CHECK(yaml::to_real(value_of("0.25"), "x", 0, 1) == 0.25);
  CHECK(yaml::to_real(value_of("1e-3"), "x", 0, 1) == 0.001);
  CHECK(yaml::to_real(value_of("+1"), "x", 0, 1) == 1);
  for (const std::string text : {".nan", ".inf", "nan", "1.", ".5", "0x1", "00.5", "1e", "one"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(yaml::to_real(value_of(text), "x", 0, 1),
                      fmt::format("f:1:4: x is '{}'; need a decimal number, 0..1", text));
  }
  CHECK_THROWS_WITH(yaml::to_real(value_of("1.5"), "x", 0, 1), "f:1:4: x is 1.5; allowed 0..1");
  CHECK_THROWS_WITH(yaml::to_real(value_of("1e999"), "x", 0, 1), "f:1:4: x is 1e999; allowed 0..1");
  CHECK_THROWS_WITH(yaml::to_real(value_of("[]"), "x", 0, 1), "f:1:4: x is a list; need a number");
}

TEST_CASE("truth values are the words true and false") {
  CHECK(yaml::to_bool(value_of("true"), "b"));
  CHECK_FALSE(yaml::to_bool(value_of("false"), "b"));
  for (const std::string text : {"yes", "True", "1", "on"})
    CHECK_THROWS_WITH(yaml::to_bool(value_of(text), "b"), fmt::format("f:1:4: b is '{}'; need true or false", text));
  CHECK_THROWS_WITH(yaml::to_bool(value_of("'true'"), "b"), "f:1:4: b is 'true'; need true or false");
  CHECK_THROWS_WITH(yaml::to_text(value_of("{c: 1}"), "t"), "f:1:4: t is a map; need text");
}

TEST_CASE("a map is refused for unknown keys before missing ones") {
  const Node root = load_text("array:\n  colums: 3\n", "edge.yaml");
  CHECK_THROWS_WITH(yaml::MapReader(*root.find("array"), "array", {"rows", "columns"}),
                    "edge.yaml:2:3: unknown key 'colums' in 'array'; did you mean 'columns'? (rows, columns)");
  CHECK_THROWS_WITH(yaml::MapReader(root, "", {"rows", "columns"}),
                    "edge.yaml:1:1: unknown key 'array' (rows, columns)");
  const yaml::MapReader map(root, "", {"array", "name"});
  CHECK_THROWS_WITH(map.required("name"), "edge.yaml:1:1: missing key 'name'");
  CHECK(map.optional("name") == nullptr);
  const yaml::MapReader inner(map.required("array"), "array", {"colums", "rows"});
  CHECK_THROWS_WITH(inner.required("rows"), "edge.yaml:2:3: missing key 'rows' in 'array'");
  CHECK(inner.name("rows") == "array.rows");
  CHECK_THROWS_WITH(yaml::MapReader(load_text("- 1\n", "f"), "", {"a"}),
                    "f:1:1: the document is a list; need a map with keys (a)");
}
