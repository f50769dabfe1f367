// JSON as a store keeps what is long: deflated, as zlib does it, so that any program can read it.
#pragma once

#include <string>
#include <string_view>

namespace lacuna {

/// "" stays "".
std::string pack_json(std::string_view json);
/// The text again; std::runtime_error if these are not the bytes of pack_json().
std::string unpack_json(std::string_view packed);

}  // namespace lacuna
