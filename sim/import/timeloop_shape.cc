#include "import/timeloop_shape.h"

#include <algorithm>
#include <array>

#include "import/text_lines.h"

namespace lacuna::imports {

using yaml::Kind;
using yaml::Node;

namespace {

/// The two shapes Timeloop brings along; {} are the names of output rows, output columns and filters.
constexpr std::string_view kCnnLayer = R"(name: cnn-layer
dimensions: [R, S, {0}, {1}, C, {2}, N]
coefficients:
  - {{name: Wstride, default: 1}}
  - {{name: Hstride, default: 1}}
  - {{name: Wdilation, default: 1}}
  - {{name: Hdilation, default: 1}}
data_spaces:
  - {{name: Weights, projection: [[[C]], [[{2}]], [[R]], [[S]]]}}
  - {{name: Inputs, projection: [[[N]], [[C]], [[R, Wdilation], [{0}, Wstride]], [[S, Hdilation], [{1}, Hstride]]]}}
  - {{name: Outputs, projection: [[[N]], [[{2}]], [[{1}]], [[{0}]]], read_write: true}}
)";
constexpr std::string_view kGemm = R"(name: gemm-ABZ
dimensions: [M, N, K]
data_spaces:
  - {name: A, projection: [[[M]], [[K]]]}
  - {name: B, projection: [[[N]], [[K]]]}
  - {name: Z, projection: [[[M]], [[N]]], read_write: true}
)";
constexpr std::array<std::string_view, 2> kNamedShapes = {"cnn-layer", "gemm-ABZ"};

/// The value under a key that versions spell with '-' or with '_', or nullptr.
const Node* find_spelt(const Node& map, std::string_view key) {
  for (const auto& [name, value] : map.entries) {
    std::string spelt = name.text;
    std::replace(spelt.begin(), spelt.end(), '-', '_');
    if (spelt == key) return &value;
  }
  return nullptr;
}

const Node& need(const Node& map, std::string_view key, std::string_view what) {
  if (const Node* found = find_spelt(map, key)) return *found;
  fail(map.place, "{} has no '{}'", what, key);
}

void need_kind(const Node& node, Kind kind, std::string_view what, std::string_view example) {
  if (node.kind != kind) fail(node.place, "{} cannot be read; need {}", what, example);
}

TimeloopTerm read_term(const Node& node, std::string_view what) {
  if (node.kind == Kind::Scalar) return {node.scalar, ""};
  need_kind(node, Kind::Sequence, what, "terms such as [P] or [P, Wstride]");
  if (node.items.empty() || node.items.size() > 2 || node.items[0].kind != Kind::Scalar ||
      node.items.back().kind != Kind::Scalar)
    fail(node.place, "{} has a term that cannot be read; need [DIMENSION] or [DIMENSION, COEFFICIENT]", what);
  return {node.items[0].scalar, node.items.size() == 2 ? node.items[1].scalar : ""};
}

TimeloopSpace read_space(const Node& node) {
  TimeloopSpace space;
  need_kind(node, Kind::Map, "a data space", "a map with name and projection");
  space.name = yaml::to_text(need(node, "name", "a data space"), "name");
  space.place = node.place;
  if (const Node* written = find_spelt(node, "read_write"))
    space.written = lower(yaml::to_text(*written, "read_write")) == "true";
  const std::string what = fmt::format("the projection of {}", space.name);
  const Node& projection = need(node, "projection", "a data space");
  need_kind(projection, Kind::Sequence, what, "a list of ranks");
  for (const Node& rank : projection.items) {
    std::vector<TimeloopTerm> terms;
    if (rank.kind == Kind::Scalar)
      terms.push_back({rank.scalar, ""});
    else
      for (const Node& term : rank.items) terms.push_back(read_term(term, what));
    if (terms.empty()) fail(rank.place, "{} has an empty rank", what);
    space.ranks.push_back(std::move(terms));
  }
  return space;
}

bool named_like(const TimeloopSpace& space, std::initializer_list<std::string_view> words) {
  const std::string name = lower(space.name);
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

bool slides(const TimeloopSpace& space) {
  return std::any_of(space.ranks.begin(), space.ranks.end(), [](const auto& rank) { return rank.size() > 1; });
}

/// Which of the two tensors that are read holds the weights.
void choose_weights(TimeloopSpace first, TimeloopSpace second, TimeloopShape& shape) {
  const auto weights = {std::string_view("weight"), std::string_view("filter"), std::string_view("kernel")};
  bool second_is_weights = false;
  if (slides(first) != slides(second)) {
    second_is_weights = slides(first);
  } else if (named_like(first, weights) != named_like(second, weights)) {
    second_is_weights = named_like(second, weights);
  } else {
    shape.notes.push_back(fmt::format("{} is taken for the weights, {} for the input", first.name, second.name));
  }
  if (second_is_weights) std::swap(first, second);
  shape.weights = std::move(first);
  shape.inputs = std::move(second);
}

TimeloopShape read_described(const Node& node) {
  TimeloopShape shape;
  if (const Node* name = node.find("name")) shape.name = yaml::to_text(*name, "shape.name");
  const Node& dimensions = need(node, "dimensions", "shape");
  need_kind(dimensions, Kind::Sequence, "shape.dimensions", "a list of names");
  for (const Node& item : dimensions.items) shape.dimensions.push_back(yaml::to_text(item, "shape.dimensions"));
  if (const Node* coefficients = node.find("coefficients")) {
    need_kind(*coefficients, Kind::Sequence, "shape.coefficients", "a list of names with defaults");
    for (const Node& item : coefficients->items) {
      need_kind(item, Kind::Map, "a coefficient", "a map with name and default");
      const std::string name = yaml::to_text(need(item, "name", "a coefficient"), "name");
      shape.coefficients[name] = yaml::to_integer(need(item, "default", "a coefficient"), name, 1, INT32_MAX);
    }
  }

  const Node& spaces = need(node, "data_spaces", "shape");
  need_kind(spaces, Kind::Sequence, "shape.data_spaces", "a list of data spaces");
  std::vector<TimeloopSpace> read;
  std::size_t written = 0;
  for (const Node& item : spaces.items) {
    TimeloopSpace space = read_space(item);
    for (const auto& rank : space.ranks)
      for (const TimeloopTerm& term : rank) {
        if (std::find(shape.dimensions.begin(), shape.dimensions.end(), term.dimension) == shape.dimensions.end())
          shape.dimensions.push_back(term.dimension);
        if (!term.coefficient.empty()) shape.coefficients.emplace(term.coefficient, 1);
      }
    if (space.written) {
      ++written;
      shape.outputs = std::move(space);
    } else {
      read.push_back(std::move(space));
    }
  }
  if (read.size() != 2 || written != 1)
    fail(spaces.place, "{} data spaces are read and {} are written; need two that are read, one that is written",
         read.size(), written);
  choose_weights(std::move(read[0]), std::move(read[1]), shape);
  return shape;
}

TimeloopShape named_shape(std::string_view name, const Place& place, const Node& instance) {
  std::string spelt = lower(name);
  std::replace(spelt.begin(), spelt.end(), '_', '-');
  for (const std::string_view ending : {".yaml", ".yml", ".cfg"})
    if (spelt.ends_with(ending)) spelt.resize(spelt.size() - ending.size());
  if (spelt == "gemm-abz" || spelt == "gemm") return read_described(yaml::load_text(kGemm, "gemm-ABZ.yaml"));
  if (spelt != "cnn-layer") fail(place, "{}", unknown_word("shape", name, kNamedShapes));
  const auto called = [&](std::string_view usual, std::string_view other) {
    return instance.find(usual) == nullptr && instance.find(other) != nullptr ? other : usual;
  };
  const std::string text = fmt::format(kCnnLayer, called("P", "E"), called("Q", "F"), called("K", "M"));
  return read_described(yaml::load_text(text, "cnn-layer.yaml"));
}

}  // namespace

bool TimeloopSpace::has(const std::string& dimension) const {
  for (const auto& rank : ranks)
    for (const TimeloopTerm& term : rank)
      if (term.dimension == dimension) return true;
  return false;
}

TimeloopShape read_timeloop_shape(const Node& problem, const Node& instance) {
  const Node* shape = problem.find("shape");
  if (shape == nullptr) return named_shape(kNamedShapes[0], problem.place, instance);
  if (shape->kind == Kind::Scalar) return named_shape(shape->scalar, shape->place, instance);
  need_kind(*shape, Kind::Map, "shape", "the name of a shape, or a map that describes one");
  if (find_spelt(*shape, "data_spaces") == nullptr && find_spelt(*shape, "dimensions") == nullptr)
    return named_shape(kNamedShapes[0], shape->place, instance);  // extents, of the usual shape
  return read_described(*shape);
}

}  // namespace lacuna::imports
