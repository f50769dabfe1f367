#include "machine/family.h"

#include <algorithm>

namespace lacuna {

std::span<const EngineKind> Family::engines() const {
  static constexpr EngineKind kAll[] = {EngineKind::Systemc, EngineKind::Fast, EngineKind::Rtl};
  return kAll;
}

const Family& family(Datapath datapath) {
  const auto index = static_cast<std::size_t>(datapath);
  LACUNA_CHECK(index < families().size(), "there is no family {}", index);
  return *families()[index];
}

std::vector<std::string_view> datapath_words() {
  std::vector<std::string_view> words;
  for (const Family* family : families()) words.push_back(family->name());
  return words;
}

Datapath datapath_called(std::string_view name, const Place& place) {
  const auto words = datapath_words();
  const auto at = std::ranges::find(words, name);
  if (at == words.end()) throw UserError(place, unknown_word("datapath", name, words));
  return static_cast<Datapath>(at - words.begin());
}

Datapath datapath_of(const Family& family) {
  const auto at = std::ranges::find(families(), &family);
  LACUNA_CHECK(at != families().end(), "family '{}' is not in the list", family.name());
  return static_cast<Datapath>(at - families().begin());
}

}  // namespace lacuna
