#include "rtl/model_parameters.h"

#include <cctype>

#include "machine/family.h"

namespace lacuna {

namespace {

/// Takes what is in a section that the array is built by.
class Collector final : public FieldVisitor {
 public:
  Collector(std::string prefix, std::vector<ModelParameter>& parameters)
      : prefix_(std::move(prefix)), parameters_(parameters) {}

  using FieldVisitor::choice;
  using FieldVisitor::integer;
  using FieldVisitor::section;
  void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t, std::uint32_t, std::uint32_t) override {
    add(info, value);
  }
  void choice(const FieldInfo& info, std::size_t& value, std::span<const std::string_view>) override {
    add(info, static_cast<std::uint32_t>(value));
  }
  void text(const FieldInfo& info, std::string&) override {
    LACUNA_CHECK(info.concerns == Concerns::Schedule, "text '{}' is no parameter of hardware", info.name);
  }
  void section(const FieldInfo& info, const std::function<void(FieldVisitor&)>& visit) override {
    Collector inner(prefix_ + camel_case(info.name), parameters_);
    visit(inner);
  }

 private:
  void add(const FieldInfo& info, std::uint32_t value) {
    // The family chooses the top module itself.
    if (info.concerns == Concerns::Array && info.name != "datapath")
      parameters_.push_back({prefix_ + camel_case(info.name), value});
  }

  std::string prefix_;
  std::vector<ModelParameter>& parameters_;
};

/// Walks the sections of a machine and enters those that its array is built by.
class Sections final : public FieldVisitor {
 public:
  explicit Sections(std::string_view family) : family_(family) {}

  using FieldVisitor::choice;
  using FieldVisitor::integer;
  using FieldVisitor::section;
  void integer(const FieldInfo&, std::uint32_t&, std::uint32_t, std::uint32_t, std::uint32_t) override {}
  void choice(const FieldInfo&, std::size_t&, std::span<const std::string_view>) override {}
  void text(const FieldInfo&, std::string&) override {}
  void section(const FieldInfo& info, const std::function<void(FieldVisitor&)>& visit) override {
    if (info.name != "array" && info.name != family_) return;
    Collector collector("", parameters);
    visit(collector);
  }

  std::vector<ModelParameter> parameters;

 private:
  std::string_view family_;
};

}  // namespace

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

std::vector<ModelParameter> model_parameters(const Machine& machine) {
  Machine m = machine;  // visitors take what they may change
  Sections sections(family(machine).name());
  fields(sections, m);
  return std::move(sections.parameters);
}

}  // namespace lacuna
