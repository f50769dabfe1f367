#include "datapaths/intersect/rtl/model_parameters.h"

#include <array>
#include <cctype>

namespace lacuna::intersect {

namespace {

/// Fields that the lowering reads, not the array.
constexpr std::array<std::string_view, 3> kLoweringOnly = {"datapath", "order", "filter_order"};

std::string camel_case(std::string_view words) {
  std::string result;
  bool capital = true;
  for (const char c : words) {
    if (c == '_') {
      capital = true;
      continue;
    }
    result += capital ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    capital = false;
  }
  return result;
}

class Collector {
 public:
  Collector(std::string prefix, std::vector<ModelParameter>& parameters)
      : prefix_(std::move(prefix)), parameters_(parameters) {}

  void integer(const FieldInfo& field, std::uint32_t& value, std::uint32_t, std::uint32_t, std::uint32_t = 1) {
    add(field, value);
  }
  template <typename Enum>
  void choice(const FieldInfo& field, Enum& value) {
    add(field, static_cast<std::uint32_t>(value));
  }

 private:
  void add(const FieldInfo& field, std::uint32_t value) {
    for (const auto name : kLoweringOnly)
      if (field.name == name) return;
    parameters_.push_back({prefix_ + camel_case(field.name), value});
  }

  std::string prefix_;
  std::vector<ModelParameter>& parameters_;
};

}  // namespace

std::vector<ModelParameter> model_parameters(const Machine& machine) {
  Machine m = machine;  // visitors take what they may change
  std::vector<ModelParameter> parameters;
  Collector array("", parameters);
  fields(array, m.array);
  Collector weights("Weights", parameters);
  fields(weights, m.weights);
  Collector activations("Activations", parameters);
  fields(activations, m.activations);
  return parameters;
}

}  // namespace lacuna::intersect
