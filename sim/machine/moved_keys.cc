#include "machine/moved_keys.h"

#include "machine/family.h"

namespace lacuna {

std::optional<std::string> moved_key(std::string_view old_name) {
  for (const Family* family : families())
    for (const MovedKey& moved : family->moved_keys()) {
      if (!old_name.starts_with(moved.old_name)) continue;
      const std::string_view rest = old_name.substr(moved.old_name.size());
      if (rest.empty() || rest.front() == '.') return std::string(moved.new_name).append(rest);
    }
  return std::nullopt;
}

}  // namespace lacuna
