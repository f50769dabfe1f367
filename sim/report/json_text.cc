#include "report/json_text.h"

#include "machine/config_reader.h"

namespace lacuna {

namespace {

void write(std::string& out, const Json& json, std::size_t indent) {
  const std::string inner(indent + 2, ' ');
  if (json.is_object() && !json.empty()) {
    out += "{\n";
    std::size_t left = json.size();
    for (const auto& [key, value] : json.items()) {
      out += inner + Json(key).dump() + ": ";
      write(out, value, indent + 2);
      out += --left > 0 ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "}";
  } else if (json.is_array() && !json.empty() && json.front().is_structured()) {
    out += "[\n";
    std::size_t left = json.size();
    for (const auto& value : json) {
      out += inner;
      write(out, value, indent + 2);
      out += --left > 0 ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "]";
  } else {
    out += json.dump();
  }
}

}  // namespace

Json config_json(const Machine& machine) {
  Json config = Json::object();
  for (const auto& p : parameters(machine)) {
    Json value = p.value;
    if (p.type == Parameter::Type::Integer) value = std::stoull(p.value);
    Json* section = &config;
    std::size_t begin = 0;
    for (std::size_t dot; (dot = p.name.find('.', begin)) != std::string::npos; begin = dot + 1)
      section = &(*section)[p.name.substr(begin, dot - begin)];
    (*section)[p.name.substr(begin)] = std::move(value);
  }
  return config;
}

std::string json_text(const Json& json) {
  std::string out;
  write(out, json, 0);
  return out + "\n";
}

}  // namespace lacuna
