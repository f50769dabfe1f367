// Visitors over fields(): the table of parameters, and its text as YAML with or without comments.
#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "machine/config_reader.h"
#include "machine/family.h"

namespace lacuna {

namespace {

/// Makes a line of the table of every parameter.
class ParameterVisitor : public FieldVisitor {
 public:
  void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest,
               std::uint32_t step) override {
    Parameter p = line(info, Parameter::Type::Integer, fmt::format("{}", value));
    p.lowest = lowest;
    p.highest = highest;
    p.step = step;
    parameter(std::move(p), info.name);
  }
  void choice(const FieldInfo& info, std::size_t& value, std::span<const std::string_view> words) override {
    LACUNA_CHECK(value < words.size(), "'{}' has no word {}", info.name, value);
    Parameter p = line(info, Parameter::Type::Choice, std::string(words[value]));
    p.words.assign(words.begin(), words.end());
    parameter(std::move(p), info.name);
  }
  void text(const FieldInfo& info, std::string& value) override {
    parameter(line(info, Parameter::Type::Text, value), info.name);
  }
  void section(const FieldInfo& info, const std::function<void(FieldVisitor&)>& visit) override {
    const std::string outer = section_;
    section_ = dotted(info.name);
    begin(info);
    visit(*this);
    end();
    section_ = outer;
  }

 protected:
  /// `key` is the last part of its name.
  virtual void parameter(Parameter parameter, std::string_view key) = 0;
  virtual void begin(const FieldInfo& /*section*/) {}
  virtual void end() {}

 private:
  [[nodiscard]] std::string dotted(std::string_view key) const {
    return section_.empty() ? std::string(key) : fmt::format("{}.{}", section_, key);
  }
  [[nodiscard]] Parameter line(const FieldInfo& info, Parameter::Type type, std::string value) const {
    Parameter p;
    p.name = dotted(info.name);
    p.type = type;
    p.value = std::move(value);
    p.unit = info.unit;
    p.sentence = info.sentence;
    p.concerns = info.concerns;
    return p;
  }

  std::string section_;
};

class Lister final : public ParameterVisitor {
 public:
  std::vector<Parameter> list;

 private:
  void parameter(Parameter parameter, std::string_view) override { list.push_back(std::move(parameter)); }
};

/// A plain YAML word where that is safe, otherwise single quotes. Numbers and known words never need them.
std::string scalar_text(const Parameter& p) {
  if (p.type != Parameter::Type::Text) return p.value;
  bool plain = !p.value.empty() && p.value != "null" && p.value != "~" && p.value != "true" && p.value != "false";
  for (char c : p.value)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '/' || c == '.');
  if (plain) return p.value;
  std::string out = "\"";
  for (char c : p.value) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + '"';
}

/// Writes all parameters; `comments` adds what the manual says of each, an empty line between any two.
class Writer final : public ParameterVisitor {
 public:
  explicit Writer(bool comments) : comments_(comments) {}

  std::string out;

 private:
  void parameter(Parameter p, std::string_view key) override {
    separate();
    comment(p.sentence);
    // A manual does not change because another family is added.
    if (p.name == "array.datapath")
      comment("Legal: the names that `lacuna list datapaths` prints; each has a section and a manual of its own");
    else if (p.type != Parameter::Type::Text)
      comment(fmt::format("Legal: {}{}", p.legal(), p.unit.empty() ? "" : fmt::format("; unit: {}", p.unit)));
    out += fmt::format("{}{}: {}\n", indent_, key, scalar_text(p));
  }
  void begin(const FieldInfo& section) override {
    separate();
    comment(section.sentence);
    out += fmt::format("{}{}:\n", indent_, section.name);
    indent_ += "  ";
    first_ = true;
  }
  void end() override { indent_.resize(indent_.size() - 2); }

  void separate() {
    if (comments_ && !first_) out += '\n';
    first_ = false;
  }
  void comment(std::string_view text) {
    if (comments_) out += fmt::format("{}# {}\n", indent_, text);
  }

  bool comments_;
  bool first_ = false;  ///< a section has just begun
  std::string indent_;
};

void visit(const Machine& machine, FieldVisitor& visitor) {
  Machine copy = machine;  // fields() visits by reference
  fields(visitor, copy);
}

std::string write_yaml(const Machine& machine, bool comments) {
  Writer writer(comments);
  visit(machine, writer);
  return writer.out;
}

}  // namespace

std::string Parameter::legal() const {
  switch (type) {
    case Type::Integer:
      return step == 1 ? fmt::format("{}..{}", lowest, highest)
                       : fmt::format("{}..{} in steps of {}", lowest, highest, step);
    case Type::Choice:
      return join(words);
    case Type::Text:
      return "text";
  }
  throw Bug("unknown Parameter::Type");
}

std::vector<Parameter> parameters(const Machine& machine) {
  Lister lister;
  visit(machine, lister);
  return std::move(lister.list);
}

std::vector<Parameter> all_parameters() {
  std::vector<Parameter> all;
  std::size_t end = 0;  // of the sections of families in the list
  for (const Family* one : families()) {
    const std::vector<Parameter> list = parameters(Machine(datapath_of(*one)));
    const auto own = [&](const Parameter& p) { return p.name.starts_with(fmt::format("{}.", one->name())); };
    const auto first = std::ranges::find_if(list, own), last = std::find_if_not(first, list.end(), own);
    if (all.empty()) {
      all = list;
      end = static_cast<std::size_t>(last - list.begin());
    } else {
      all.insert(all.begin() + static_cast<std::ptrdiff_t>(end), first, last);
      end += static_cast<std::size_t>(last - first);
    }
  }
  return all;
}

std::string to_yaml(const Machine& machine) { return write_yaml(machine, false); }

std::string manual(Datapath datapath) {
  const std::string_view name = family(datapath).name();
  const bool first = datapath == Datapath{};
  return fmt::format(
             "# The default machine{}, and the manual of its parameters: what each one means, what is legal, its "
             "unit.\n"
             "# A configuration names only what differs from these defaults; unknown keys are errors. Written by\n"
             "# `lacuna list manual{}` from the same table that reads configurations.\n",
             first ? "" : fmt::format(" of datapath {}", name), first ? "" : fmt::format(" --datapath {}", name)) +
         write_yaml(Machine(datapath), true);
}

std::string config_hash(const Machine& machine) {
  Hasher hasher;
  for (const auto& p : parameters(machine)) {
    if (p.name == "name" || p.name == "energy") continue;
    hasher.add(p.name);
    hasher.add(p.value);
  }
  return hasher.hex();
}

}  // namespace lacuna
