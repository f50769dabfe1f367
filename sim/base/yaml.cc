// Reads YAML through yaml-cpp's events rather than its nodes: events carry the place of every word, keep doubled keys
// apart, and leave scalars as they were written. Everything yaml-cpp would take in silence is refused here.
#include "base/yaml.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

namespace lacuna::yaml {

namespace {

constexpr std::size_t kMostNodes = 1'000'000;  ///< aliases could otherwise multiply without end

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += count_nodes(item);
  for (const auto& entry : node.entries) count += count_nodes(entry.second);
  return count;
}

/// The first character of a text that terminals obey instead of showing it, but for line ends and tabs, if there is
/// one. Escapes of quoted texts make them: "\e[2J", "\u009b".
std::optional<unsigned> control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f) return c;
    if (c != 0xc2 || i + 1 == text.size()) continue;
    if (const auto next = static_cast<unsigned char>(text[i + 1]); next < 0xa0) return next;
  }
  return std::nullopt;
}

/// Builds the tree of one document out of yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::string file) : file_(std::move(file)) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) fail(place(mark), "a second document begins; one file holds one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { value(make(Kind::Null, mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(place(mark), "the alias stands inside the value it names");
    count(count_nodes(found->second) - 1, place(mark));
    value(Node(found->second), 0, place(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_tag(mark, tag);
    Node node = make(Kind::Scalar, mark);
    if (const auto character = control_character(text)) fail(node.place, "character 0x{:02x} is not text", *character);
    node.quoted = tag == "!";  // yaml-cpp's sign for a quoted or block scalar; a plain one has "?"
    node.scalar = text;
    value(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({make(Kind::Sequence, mark), anchor, std::nullopt});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({make(Kind::Map, mark), anchor, std::nullopt});
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] bool empty() const { return documents_ == 0 || root_.kind == Kind::Null; }
  [[nodiscard]] Node take() { return std::move(root_); }

 private:
  /// A map or sequence whose end has not come yet; a map between key and value has `key`.
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Key> key;
    std::map<std::string, int> lines = {};  ///< of the keys so far
  };

  [[nodiscard]] Place place(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
  [[nodiscard]] Node make(Kind kind, const YAML::Mark& mark) const {
    Node node;
    node.kind = kind;
    node.place = place(mark);
    return node;
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") fail(place(mark), "tag '{}' is not allowed; leave it out", tag);
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    value(std::move(done.node), done.anchor);
  }
  void value(Node node, YAML::anchor_t anchor) {
    const Place at = node.place;
    value(std::move(node), anchor, at);
  }

  /// A complete value has arrived, at `at`: it becomes a key, the value of a key, an item, or the document.
  void value(Node node, YAML::anchor_t anchor, const Place& at) {
    count(1, at);
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Kind::Sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.key) {
      parent.node.entries.emplace_back(std::move(*parent.key), std::move(node));
      parent.key.reset();
    } else {
      if (node.kind != Kind::Scalar || node.scalar.empty()) fail(at, "a key must be a word");
      const auto [first, is_new] = parent.lines.emplace(node.scalar, at.line);
      if (!is_new) fail(at, "key '{}' is given twice; first in line {}", node.scalar, first->second);
      parent.key = Key{node.scalar, at};
    }
  }
  void count(std::size_t nodes, const Place& at) {
    nodes_ += nodes;
    if (nodes_ > kMostNodes) fail(at, "the document has more than {} values", kMostNodes);
  }

  std::string file_;
  int documents_ = 0;
  std::size_t nodes_ = 0;
  std::map<YAML::anchor_t, Node> anchors_;
  std::vector<Open> open_;
  Node root_;
};

/// yaml-cpp's complaint with a place a reader can use. It counts from 0, has marks that say nothing (-1), and has words
/// that hide two common slips: a tab in the indentation and a quote that is never closed.
[[noreturn]] void syntax_error(const YAML::Exception& error, std::string_view text, const std::string& name) {
  if (error.msg == YAML::ErrorMsg::DOC_IN_SCALAR) fail(Place{name}, "YAML syntax error: a quoted text is never closed");
  if (error.mark.line < 0 || error.mark.column < 0) fail(Place{name}, "YAML syntax error: {}", error.msg);
  std::size_t begin = 0;
  for (int line = 0; line < error.mark.line && begin < text.size(); ++line) begin = text.find('\n', begin) + 1;
  const std::size_t word = text.find_first_not_of(" \t", begin);
  const std::size_t tab = text.find('\t', begin);
  if (tab < word)
    fail(Place{name, error.mark.line + 1, static_cast<int>(tab - begin) + 1},
         "YAML syntax error: a tab in the indentation; use spaces");
  fail(Place{name, error.mark.line + 1, error.mark.column + 1}, "YAML syntax error: {}", error.msg);
}

/// What a message says of a value that is no scalar.
std::string_view kind_word(Kind kind) {
  switch (kind) {
    case Kind::Null:
      return "empty";
    case Kind::Scalar:
      return "a single value";
    case Kind::Sequence:
      return "a list";
    case Kind::Map:
      return "a map";
  }
  throw Bug("unknown yaml::Kind");
}

/// The text of a scalar, or UserError "x is a list; need ...".
const std::string& scalar_of(const Node& node, std::string_view what, std::string_view need) {
  if (node.kind != Kind::Scalar) fail(node.place, "{} is {}; need {}", what, kind_word(node.kind), need);
  return node.scalar;
}

/// Decimal digits, '_' only between two of them; more than one digit does not begin with 0.
bool is_whole_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || text.front() == '_' || text.back() == '_') return false;
  if (text.size() > 1 && text[0] == '0') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' ? text[i - 1] == '_' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

/// [sign] digits [. digits] [e [sign] digits]
bool is_real_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i > from;
  };
  const auto sign = [&] {
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  };
  sign();
  const std::size_t first = i;
  if (!digits()) return false;
  if (i - first > 1 && text[first] == '0') return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    sign();
    if (!digits()) return false;
  }
  return i == text.size();
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& entry : entries)
    if (entry.first.text == key) return &entry.second;
  return nullptr;
}

void check_text(std::string_view text, const std::string& name) {
  int line = 1, column = 1;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    if (c >= 0x80) {
      length = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 ? 3 : 2;
      bool good = c >= 0xc2 && c < 0xf5 && i + length <= text.size();
      for (std::size_t j = 1; good && j < length; ++j) good = (static_cast<unsigned char>(text[i + j]) & 0xc0) == 0x80;
      if (!good) fail(Place{name, line, column}, "byte 0x{:02x} is not UTF-8 text", c);
    } else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
      fail(Place{name, line, column}, "byte 0x{:02x} is not text", c);
    }
    i += length;
    if (c == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
}

Node load_text(std::string_view text, const std::string& name) {
  check_text(text, name);
  Builder builder(name);
  try {
    // yaml-cpp takes a quoted text that the end of the file cuts off; in front of an end-of-document line it does not.
    std::istringstream stream(fmt::format("{}{}...\n", text, text.ends_with('\n') ? "" : "\n"));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::DeepRecursion&) {  // its mark is where reading ahead ended, not the nesting
    fail(Place{name}, "YAML syntax error: nested too deeply");
  } catch (const YAML::Exception& error) {
    syntax_error(error, text, name);
  }
  if (builder.empty()) fail(Place{name}, "the file is empty");
  return builder.take();
}

std::string read_text(const std::filesystem::path& path, std::uint64_t largest_mib) {
  const Place place{path.string()};
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail(place, "cannot read: it is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(place, "cannot read: {}", std::strerror(errno));
  std::string text;
  std::string block(std::size_t{1} << 16, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > largest_mib << 20) fail(place, "the file is larger than {} MiB", largest_mib);
  }
  if (file.bad()) fail(place, "cannot read: {}", std::strerror(errno));
  return text;
}

Node load_file(const std::filesystem::path& path) { return load_text(read_text(path), path.string()); }

std::int64_t to_integer(const Node& node, std::string_view what, std::int64_t lowest, std::int64_t highest) {
  const std::string& text = scalar_of(node, what, "a whole number");
  if (node.quoted || !is_whole_number(text))
    fail(node.place, "{} is '{}'; need a whole number in decimal digits, {}..{}", what, text, lowest, highest);
  std::string digits;
  for (char c : text)
    if (c != '_' && c != '+') digits += c;
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc() || value < lowest || value > highest)
    fail(node.place, "{} is {}; allowed {}..{}", what, text, lowest, highest);
  return value;
}

double to_real(const Node& node, std::string_view what, double lowest, double highest) {
  const std::string& text = scalar_of(node, what, "a number");
  if (node.quoted || !is_real_number(text))
    fail(node.place, "{} is '{}'; need a decimal number, {}..{}", what, text, lowest, highest);
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  double value = 0;
  const auto result = std::from_chars(begin, text.data() + text.size(), value);
  if (result.ec != std::errc() || value < lowest || value > highest)
    fail(node.place, "{} is {}; allowed {}..{}", what, text, lowest, highest);
  return value;
}

bool to_bool(const Node& node, std::string_view what) {
  const std::string& text = scalar_of(node, what, "true or false");
  if (!node.quoted && text == "true") return true;
  if (!node.quoted && text == "false") return false;
  fail(node.place, "{} is '{}'; need true or false", what, text);
}

std::string to_text(const Node& node, std::string_view what) { return scalar_of(node, what, "text"); }

MapReader::MapReader(const Node& node, std::string what, std::vector<std::string_view> legal)
    : node_(node), what_(std::move(what)), legal_(std::move(legal)) {
  if (node.kind != Kind::Map)
    fail(node.place, "{} is {}; need a map with keys ({})", what_.empty() ? "the document" : what_,
         kind_word(node.kind), join(legal_));
  for (const auto& entry : node.entries) {
    const std::string& word = entry.first.text;
    bool known = false;
    for (auto key : legal_) known = known || key == word;
    if (!known)
      fail(entry.first.place, "unknown key '{}'{}{}", word, what_.empty() ? "" : fmt::format(" in '{}'", what_),
           suggestion(word, legal_));
  }
}

const Node* MapReader::optional(std::string_view key) const { return node_.find(key); }

const Node& MapReader::required(std::string_view key) const {
  if (const Node* found = node_.find(key)) return *found;
  fail(node_.place, "missing key '{}'{}", key, what_.empty() ? "" : fmt::format(" in '{}'", what_));
}

std::string MapReader::name(std::string_view key) const {
  return what_.empty() ? std::string(key) : fmt::format("{}.{}", what_, key);
}

}  // namespace lacuna::yaml
