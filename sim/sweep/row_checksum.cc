#include "sweep/row_checksum.h"

#include <sqlite3.h>

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"

namespace lacuna {

namespace {

void add_value(Hasher& hasher, sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  hasher.add(static_cast<std::uint64_t>(type));
  switch (type) {
    case SQLITE_INTEGER:
      hasher.add(static_cast<std::uint64_t>(sqlite3_value_int64(value)));
      break;
    case SQLITE_FLOAT:
      hasher.add(std::bit_cast<std::uint64_t>(sqlite3_value_double(value)));
      break;
    case SQLITE_NULL:
      break;
    default: {  // text and blobs
      const void* bytes = sqlite3_value_blob(value);
      hasher.add(
          std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))));
    }
  }
}

void row_checksum(sqlite3_context* context, int count, sqlite3_value** values) {
  Hasher hasher;
  for (sqlite3_value* value : std::span(values, static_cast<std::size_t>(count))) add_value(hasher, value);
  const std::string hex = hasher.hex();
  sqlite3_result_int64(context, static_cast<std::int64_t>(std::stoull(hex.substr(0, 16), nullptr, 16)));
}

}  // namespace

void add_row_checksum(sqlite3* connection) {
  const int status = sqlite3_create_function(connection, "row_checksum", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                             nullptr, row_checksum, nullptr, nullptr);
  LACUNA_CHECK(status == SQLITE_OK, "row_checksum: {}", sqlite3_errmsg(connection));
}

}  // namespace lacuna
