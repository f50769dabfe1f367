#include "report/json_value.h"

#include <algorithm>

namespace lacuna {

/// A result has five levels; a value is destroyed level by level, on the stack.
constexpr int kDeepest = 100;

Json parse_json(std::string_view text, const std::string& file) {
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) fail(Place{file}, "is nested more than {} deep; a result is not", kDeepest);
    return true;
  };
  try {
    return Json::parse(text, shallow);
  } catch (const nlohmann::json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte == 0 ? 0 : error.byte - 1);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    fail(Place{file, static_cast<int>(line), static_cast<int>(column)}, "is no JSON, or its end is missing");
  } catch (const nlohmann::json::exception&) {  // a number beyond every type
    fail(Place{file}, "is no JSON: a number is out of range");
  }
}

}  // namespace lacuna
