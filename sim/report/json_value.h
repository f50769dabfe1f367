// JSON read back: every value is asked for by its path ("layers[2].cycles"), so that an error can name it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "report/json_text.h"

namespace lacuna {

/// The document `text`; UserError with line and column if it is none. `file` is its name in errors.
Json parse_json(std::string_view text, const std::string& file);

/// One value of the file and where it stands.
class JsonValue {
 public:
  /// `json` and `file` must outlive it.
  JsonValue(const Json& json, const std::string& file, std::string path = {})
      : json_(json), file_(file), path_(std::move(path)) {}

  [[nodiscard]] JsonValue operator[](std::string_view key) const {
    object();
    const auto at = json_.find(key);
    if (at == json_.end()) fail(Place{file_}, "{} is missing; it is damaged, or no result of this version", name(key));
    return {*at, file_, name(key)};
  }
  [[nodiscard]] bool has(std::string_view key) const { return json_.is_object() && json_.contains(key); }

  [[nodiscard]] std::uint64_t whole() const {
    if (!json_.is_number_unsigned()) refuse("a whole number");
    return json_.get<std::uint64_t>();
  }
  [[nodiscard]] double number() const {
    if (!json_.is_number()) refuse("a number");
    return json_.get<double>();
  }
  [[nodiscard]] std::string text() const {
    if (!json_.is_string()) refuse("text");
    return json_.get<std::string>();
  }
  [[nodiscard]] bool truth() const {
    if (!json_.is_boolean()) refuse("true or false");
    return json_.get<bool>();
  }
  /// A number or text, as text.
  [[nodiscard]] std::string word() const {
    if (json_.is_string()) return json_.get<std::string>();
    if (!json_.is_number()) refuse("a number or text");
    return json_.dump();
  }
  [[nodiscard]] std::pair<double, double> interval() const {
    const auto ends = list();
    if (ends.size() != 2) refuse("a list of two numbers");
    return {ends[0].number(), ends[1].number()};
  }
  [[nodiscard]] std::vector<JsonValue> list() const {
    if (!json_.is_array()) refuse("a list");
    std::vector<JsonValue> values;
    values.reserve(json_.size());
    for (std::size_t i = 0; i < json_.size(); ++i)
      values.emplace_back(json_[i], file_, fmt::format("{}[{}]", path_, i));
    return values;
  }
  [[nodiscard]] std::vector<std::pair<std::string, JsonValue>> entries() const {
    object();
    std::vector<std::pair<std::string, JsonValue>> values;
    for (const auto& [key, value] : json_.items()) values.emplace_back(key, JsonValue(value, file_, name(key)));
    return values;
  }
  [[nodiscard]] bool is_null() const { return json_.is_null(); }
  [[nodiscard]] bool is_object() const { return json_.is_object(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  void object() const {
    if (!json_.is_object()) refuse("an object");
  }
  [[noreturn]] void refuse(std::string_view need) const {
    std::string found = json_.dump(-1, ' ', false, Json::error_handler_t::replace);
    constexpr std::size_t kMost = 40;
    if (found.size() > kMost) found = found.substr(0, kMost) + "...";
    fail(Place{file_}, "{} is {}; need {}", path_.empty() ? "the document" : path_, found, need);
  }
  [[nodiscard]] std::string name(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  const Json& json_;
  const std::string& file_;
  std::string path_;
};

}  // namespace lacuna
