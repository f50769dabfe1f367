// A YAML document with the place of every word, so that an error can point at it. The only user of yaml-cpp is yaml.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/error.h"

namespace lacuna::yaml {

enum class Kind { Null, Scalar, Sequence, Map };

struct Node;

/// A key of a map and where it stands.
struct Key {
  std::string text;
  Place place;
};

/// One value of a document. A map keeps the order of the file; a key given twice is an error at load.
struct Node {
  Kind kind = Kind::Null;
  Place place;
  bool quoted = false;                        ///< a quoted scalar is text, never a number or a truth value
  std::string scalar;                         ///< of a Scalar
  std::vector<Node> items;                    ///< of a Sequence
  std::vector<std::pair<Key, Node>> entries;  ///< of a Map

  /// The value of `key` in a Map, or nullptr.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

/// The most that people write by hand, in MiB.
constexpr std::uint64_t kLargestText = 64;
/// UserError at the first byte that no text has: a control character or broken UTF-8. `name` stands for the file.
void check_text(std::string_view text, const std::string& name);
/// The whole text of a file; UserError if it cannot be read or is larger than `largest_mib` MiB.
std::string read_text(const std::filesystem::path& path, std::uint64_t largest_mib = kLargestText);
/// Reads one document. UserError with the place for syntax errors, doubled keys, aliases' misuse, unreadable files,
/// more than one document.
Node load_file(const std::filesystem::path& path);
/// The same from text; `name` stands for the file in places.
Node load_text(std::string_view text, const std::string& name);

/// Whole numbers are decimal digits with an optional sign and optional '_' between digits ("010" is an error, not 8).
/// `what` names the parameter in the message: "array.rows is 0; allowed 1..256".
std::int64_t to_integer(const Node& node, std::string_view what, std::int64_t lowest, std::int64_t highest);
double to_real(const Node& node, std::string_view what, double lowest, double highest);
bool to_bool(const Node& node, std::string_view what);  ///< true or false
std::string to_text(const Node& node, std::string_view what);

template <typename Enum>
Enum to_enum(const Node& node, std::string_view what) {
  return parse_enum<Enum>(to_text(node, what), node.place, what);
}

/// Reads a map key by key and then refuses what was not asked for.
/// Unknown keys are reported before missing ones, so the legal keys are given first.
class MapReader {
 public:
  /// UserError if `node` is not a map or has a key that is not in `legal`. `what` names the map ("array"; "" for the
  /// document): "unknown key 'colums' in 'array'; did you mean 'columns'? (rows, columns, ...)".
  MapReader(const Node& node, std::string what, std::vector<std::string_view> legal);

  /// The value of `key`, or nullptr if the file does not have it.
  [[nodiscard]] const Node* optional(std::string_view key) const;
  /// The value of `key`, or UserError "missing key 'x' in 'array'".
  [[nodiscard]] const Node& required(std::string_view key) const;
  /// "array.rows", the full name of a key for messages.
  [[nodiscard]] std::string name(std::string_view key) const;

 private:
  const Node& node_;
  std::string what_;
  std::vector<std::string_view> legal_;
};

}  // namespace lacuna::yaml
