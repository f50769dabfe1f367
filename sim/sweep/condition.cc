// Recursive descent over the text; types are checked while the tree is built, so that only a division can fail later.
#include "sweep/condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "machine/moved_keys.h"

namespace lacuna {

namespace {

enum class Type { Truth, Number, Word };

constexpr std::string_view type_word(Type type) {
  switch (type) {
    case Type::Truth:
      return "a condition";
    case Type::Number:
      return "a number";
    case Type::Word:
      return "a word";
  }
  throw Bug("unknown Type");
}

/// Nested parentheses and `not`s; people write a handful.
constexpr int kDeepest = 200;
/// Operators of one condition: a chain of them is a tree as deep as it is long.
constexpr int kMostOperators = 1000;

}  // namespace

struct Condition::Part {
  std::string op;  ///< "or", "==", "+", ...; "" for a constant or a parameter
  Type type = Type::Truth;
  Place place;
  double number = 0;
  std::string word;
  std::optional<std::size_t> parameter;  ///< `word` is its name; its place where all families have their parameters
  std::vector<std::string_view> legal;   ///< words of a parameter that takes words
  std::unique_ptr<Part> left, right;

  /// The text of a constant or a parameter; nothing where the machine has no such parameter.
  [[nodiscard]] const std::string* word_in(const std::vector<Parameter>& list) const {
    if (!parameter) return &word;
    if (*parameter < list.size() && list[*parameter].name == word) return &list[*parameter].value;
    const auto at = std::ranges::find(list, word, &Parameter::name);  // behind the parameters of other families
    return at == list.end() ? nullptr : &at->value;
  }

  [[nodiscard]] std::optional<double> number_in(const std::vector<Parameter>& list) const {
    if (op.empty()) {
      if (!parameter) return number;
      const std::string* const text = word_in(list);
      if (text == nullptr) return std::nullopt;
      double value = 0;
      std::from_chars(text->data(), text->data() + text->size(), value);
      return value;
    }
    const auto left_number = left->number_in(list), right_number = right->number_in(list);
    if (!left_number || !right_number) return std::nullopt;
    const double a = *left_number, b = *right_number;
    if (op == "+") return a + b;
    if (op == "-") return a - b;
    if (op == "*") return a * b;
    if (b == 0) fail(place, "a division by zero for one of the points");
    return op == "/" ? a / b : std::fmod(a, b);
  }

  /// Nothing where it hangs on a parameter that the machine does not have.
  [[nodiscard]] std::optional<bool> truth_in(const std::vector<Parameter>& list) const {
    if (op == "or" || op == "and") {
      const bool decides = op == "or";  // whatever the other side is
      const auto a = left->truth_in(list);
      if (a == decides) return decides;
      const auto b = right->truth_in(list);
      if (b == decides) return decides;
      return a && b ? std::optional(!decides) : std::nullopt;
    }
    if (op == "not") {
      const auto a = left->truth_in(list);
      return a ? std::optional(!*a) : std::nullopt;
    }
    if (left->type == Type::Word) {
      const std::string *const a = left->word_in(list), *const b = right->word_in(list);
      if (a == nullptr || b == nullptr) return std::nullopt;
      return (*a == *b) == (op == "==");
    }
    const auto left_number = left->number_in(list), right_number = right->number_in(list);
    if (!left_number || !right_number) return std::nullopt;
    const double a = *left_number, b = *right_number;
    if (op == "==") return a == b;
    if (op == "!=") return a != b;
    if (op == "<") return a < b;
    if (op == "<=") return a <= b;
    if (op == ">") return a > b;
    if (op == ">=") return a >= b;
    throw Bug("unknown operator " + op);
  }
};

namespace {

using Part = Condition::Part;

class Parser {
 public:
  explicit Parser(const yaml::Node& node) : node_(node), text_(yaml::to_text(node, "skip_where")) {
    known_ = all_parameters();
    next();
  }

  std::unique_ptr<Part> all() {
    auto part = either();
    if (!token_.empty()) fail(place(), "'{}' is not expected here; need 'and', 'or', an operator or the end", token_);
    return need(std::move(part), Type::Truth);
  }

 private:
  /// Where the token begins: columns of a scalar are those of its text where it stands plainly on one line.
  [[nodiscard]] Place place() const {
    Place place = node_.place;
    place.column += static_cast<int>(begin_) + (node_.quoted ? 1 : 0);
    return place;
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  }

  void next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
    begin_ = at_;
    if (at_ == text_.size()) {
      token_.clear();
      return;
    }
    if (is_word(text_[at_])) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    } else {
      const std::string two = text_.substr(at_, 2);
      at_ += two == "==" || two == "!=" || two == "<=" || two == ">=" ? 2 : 1;
      while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0) == 0x80) ++at_;  // a whole letter
    }
    token_ = text_.substr(begin_, at_ - begin_);
  }

  [[nodiscard]] bool is_any(std::initializer_list<std::string_view> words) const {
    for (auto word : words)
      if (token_ == word) return true;
    return false;
  }

  static std::unique_ptr<Part> need(std::unique_ptr<Part> part, Type type) {
    if (part->type != type)
      fail(part->place, "this is {}{}; need {}", type_word(part->type), shown(*part), type_word(type));
    return part;
  }

  static std::string shown(const Part& part) { return part.word.empty() ? "" : fmt::format(" ('{}')", part.word); }

  /// The token as operator of `left` and whatever `operand` reads.
  template <typename Operand>
  std::unique_ptr<Part> join(std::unique_ptr<Part> left, Type operands, Type result, Operand operand) {
    if (++operators_ > kMostOperators) fail(place(), "the condition has more than {} operators", kMostOperators);
    auto part = std::make_unique<Part>();
    part->op = token_;
    part->type = result;
    part->place = place();
    next();
    part->left = need(std::move(left), operands);
    part->right = need(operand(), operands);
    return part;
  }

  std::unique_ptr<Part> either() {
    auto part = both();
    while (token_ == "or") part = join(std::move(part), Type::Truth, Type::Truth, [&] { return both(); });
    return part;
  }

  std::unique_ptr<Part> both() {
    auto part = negation();
    while (token_ == "and") part = join(std::move(part), Type::Truth, Type::Truth, [&] { return negation(); });
    return part;
  }

  std::unique_ptr<Part> negation() {
    if (token_ != "not") return comparison();
    deeper();
    auto part = std::make_unique<Part>();
    part->op = token_;
    part->place = place();
    next();
    part->left = need(negation(), Type::Truth);
    --depth_;
    return part;
  }

  std::unique_ptr<Part> comparison() {
    auto part = sum();
    if (!is_any({"==", "!=", "<", "<=", ">", ">="})) return part;
    const bool order = !is_any({"==", "!="});
    auto whole = std::make_unique<Part>();
    whole->op = token_;
    whole->place = place();
    next();
    whole->left = std::move(part);
    whole->right = sum();
    if (order || whole->left->type == Type::Number) {
      whole->left = need(std::move(whole->left), Type::Number);
      whole->right = need(std::move(whole->right), Type::Number);
    } else {
      whole->left = need(std::move(whole->left), Type::Word);
      whole->right = need(std::move(whole->right), Type::Word);
      check_words(*whole->right, *whole->left);
      check_words(*whole->left, *whole->right);
    }
    return whole;
  }

  /// A word beside a parameter must be one of the parameter's.
  void check_words(const Part& parameter, const Part& word) const {
    if (!parameter.parameter || word.parameter) {
      if (!parameter.parameter && !word.parameter) unknown_name(word);
      return;
    }
    if (parameter.legal.empty()) return;
    for (auto legal : parameter.legal)
      if (legal == word.word) return;
    throw UserError(word.place, unknown_word(parameter.word, word.word, parameter.legal));
  }

  [[noreturn]] void unknown_name(const Part& part) const {
    if (const auto now = moved_key(part.word)) fail(part.place, "'{}' is now '{}'", part.word, *now);
    const std::vector<std::string_view> names = [&] {
      std::vector<std::string_view> list;
      for (const auto& p : known_) list.push_back(p.name);
      return list;
    }();
    throw UserError(part.place, unknown_word("parameter", part.word, names));
  }

  std::unique_ptr<Part> sum() {
    auto part = product();
    while (is_any({"+", "-"})) part = join(std::move(part), Type::Number, Type::Number, [&] { return product(); });
    return part;
  }

  std::unique_ptr<Part> product() {
    auto part = atom();
    while (is_any({"*", "/", "%"})) part = join(std::move(part), Type::Number, Type::Number, [&] { return atom(); });
    return part;
  }

  std::unique_ptr<Part> atom() {
    if (token_.empty()) fail(place(), "the condition ends where a parameter, a number or a word is needed");
    if (token_ == "(") {
      deeper();
      next();
      auto part = either();
      if (token_ != ")") fail(place(), "'(' without ')'");
      next();
      --depth_;
      return part;
    }
    if (!is_word(token_[0]) || is_any({"and", "or", "not"}))
      fail(place(), "'{}' is not expected here; need a parameter, a number, a word or '('", token_);
    auto part = std::make_unique<Part>();
    part->place = place();
    if (token_[0] >= '0' && token_[0] <= '9') {
      yaml::Node number;
      number.kind = yaml::Kind::Scalar;
      number.place = place();
      number.scalar = token_;
      part->type = Type::Number;
      part->number = yaml::to_real(number, "a number", 0, 1e15);
    } else {
      part->word = token_;
      part->type = Type::Word;
      for (std::size_t i = 0; i < known_.size(); ++i) {
        if (known_[i].name != token_) continue;
        part->parameter = i;
        part->type = known_[i].type == Parameter::Type::Integer ? Type::Number : Type::Word;
        part->legal = known_[i].words;
      }
      if (!part->parameter && token_.find('.') != std::string::npos) unknown_name(*part);
    }
    next();
    return part;
  }

  void deeper() {
    if (++depth_ > kDeepest) fail(place(), "the condition is nested more than {} deep", kDeepest);
  }

  const yaml::Node& node_;
  const std::string text_;
  std::vector<Parameter> known_;
  std::size_t at_ = 0, begin_ = 0;
  std::string token_;
  int depth_ = 0, operators_ = 0;
};

}  // namespace

Condition::Condition(const yaml::Node& text) : root_(Parser(text).all()) {}
Condition::~Condition() = default;
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;

bool Condition::holds(const std::vector<Parameter>& parameters) const {
  return root_->truth_in(parameters).value_or(false);
}

}  // namespace lacuna
