// Lines and fields of the text files people exchange: whatever ends a line, with or without a byte-order mark.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace lacuna::imports {

/// The lines of a text file, in order; line i is number i + 1. Lines end with LF, CRLF or CR, the last one also with
/// the file; a byte-order mark is left out. UserError for a file that cannot be read, is larger than `largest_mib` MiB,
/// or is no UTF-8 text.
std::vector<std::string> read_lines(const std::filesystem::path& path, std::uint64_t largest_mib = 64);
/// The same of a text in memory.
std::vector<std::string> split_lines(std::string_view text);

/// A field of a line without the blanks around it.
struct Field {
  std::string_view text;
  int column = 1;  ///< of its first byte
};

/// The fields of `line` between `separator`s; "" has one empty field.
std::vector<Field> split_fields(std::string_view line, char separator);
/// The words of `line` between blanks, tabs and the characters of `also`.
std::vector<Field> split_words(std::string_view line, std::string_view also = "");

[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);

/// Decimal digits alone, at most 18 of them.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);
/// The same, or UserError "WHAT is 'x'; need a whole number, LOWEST..HIGHEST".
std::uint64_t whole_number(std::string_view text, std::string_view what, const Place& place, std::uint64_t lowest,
                           std::uint64_t highest);
/// An extent of a layer: 1..2^31 - 1.
std::uint32_t extent(std::string_view text, std::string_view what, const Place& place);

}  // namespace lacuna::imports
