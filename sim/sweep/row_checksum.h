// A checksum of a row, computed by SQLite where the row is: a flipped bit that leaves a value readable is seen as well.
#pragma once

struct sqlite3;

namespace lacuna {

/// Gives `connection` the SQL function row_checksum(value, ...): 64 bits over the values with their types.
void add_row_checksum(sqlite3* connection);

}  // namespace lacuna
