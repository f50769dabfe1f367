#include "cli/choose_layers.h"

#include <algorithm>

#include "base/error.h"

namespace lacuna {

std::vector<std::size_t> chosen_layers(const Workload& workload, const std::vector<std::string>& wanted) {
  const auto& names = workload.layer_names();
  std::vector<bool> chosen(names.size(), wanted.empty());
  for (const auto& word : wanted) {
    const auto at = std::find(names.begin(), names.end(), word);
    if (at == names.end()) {
      const std::vector<std::string_view> legal(names.begin(), names.end());
      throw UserError(Place{"--layers"}, unknown_word("layer", word, legal));
    }
    const auto index = static_cast<std::size_t>(at - names.begin());
    if (chosen[index]) fail(Place{"--layers"}, "layer '{}' is named twice", word);
    chosen[index] = true;
  }
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (chosen[i]) indices.push_back(i);
  return indices;
}

}  // namespace lacuna
