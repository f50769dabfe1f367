// Layer names a workload may have, out of whatever other tools call their layers.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace lacuna::imports {

/// `name` with every run of characters that are no letter, digit, '.', '_' or '-' as one '_', none of them at the end,
/// cut to 100 characters; "layer" if nothing is left, "total_" for what reports call their sum.
[[nodiscard]] std::string legal_name(std::string_view name);

/// Makes names distinct: conv, conv.2, conv.3.
class DistinctNames {
 public:
  std::string add(std::string name);

 private:
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, std::size_t, std::less<>> counts_;
};

}  // namespace lacuna::imports
