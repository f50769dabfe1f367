#include "import/timeloop.h"

#include <algorithm>
#include <map>

#include "import/text_lines.h"
#include "import/timeloop_shape.h"
#include "import/timeloop_yaml.h"

namespace lacuna::imports {

using yaml::Kind;
using yaml::Node;

namespace {

/// Filter and output along one side of the image.
struct Axis {
  std::string filter, window;  ///< dimensions; "" for none
  std::uint64_t taps = 1, outputs = 1, stride = 1, dilation = 1;

  [[nodiscard]] bool trivial() const { return taps == 1 && outputs == 1; }
  /// Whether its dimensions have the usual names of the width.
  [[nodiscard]] bool looks_like_width() const { return filter == "S" || window == "Q" || window == "F"; }
  [[nodiscard]] bool looks_like_height() const { return filter == "R" || window == "P" || window == "E"; }
};

/// The map that holds the extents.
const Node& find_instance(const Node& problem) {
  const Node* shape = problem.find("shape");
  if (shape != nullptr && shape->kind != Kind::Map) shape = nullptr;
  if (const Node* instance = problem.find("instance")) return *instance;
  if (shape == nullptr) return problem;
  if (const Node* instance = shape->find("instance")) return *instance;
  const auto extents = [](const Node& map) {
    return std::any_of(map.entries.begin(), map.entries.end(), [](const auto& entry) {
      return entry.first.text.size() == 1 && entry.second.kind == Kind::Scalar;
    });
  };
  return !extents(problem) && extents(*shape) ? *shape : problem;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) {
    file_.path = path;
    file_.format = "Timeloop problem";
  }

  ImportedFile read() {
    const TimeloopDocument document = read_timeloop_yaml(file_.path);
    file_.notes = document.notes;
    const Node* problem = document.root.find("problem");
    if (problem == nullptr) fail(document.root.place, "there is no 'problem' in the file");
    if (problem->kind != Kind::Map) fail(problem->place, "'problem' is no map");
    const Node& instance = find_instance(*problem);
    if (instance.kind != Kind::Map) fail(instance.place, "'instance' is no map of extents");
    instance_ = &instance;
    shape_ = read_timeloop_shape(*problem, instance);
    layer_.place = instance.place;
    layer_.notes = shape_.notes;
    layer_.name = name_of_layer(*problem);
    read_extents();
    read_axes();
    sort_dimensions();
    build();
    read_densities();
    check_layer(layer_);
    file_.layers.push_back(std::move(layer_));
    return std::move(file_);
  }

 private:
  [[nodiscard]] std::string name_of_layer(const Node& problem) const {
    if (const Node* name = problem.find("name"); name != nullptr && name->kind == Kind::Scalar) return name->scalar;
    return file_.path.stem().string();
  }

  void read_extents() {
    for (const std::string& dimension : shape_.dimensions) {
      const Node* node = instance_->find(dimension);
      if (node == nullptr) fail(instance_->place, "the instance has no extent of dimension '{}'", dimension);
      const auto value = static_cast<std::uint64_t>(yaml::to_integer(*node, dimension, 1, INT32_MAX));
      extents_[dimension] = value;
      layer_.dense_products = product(layer_.dense_products, value, node->place);
    }
    for (const std::string_view pad : {"Hpad", "Wpad"})
      if (const Node* node = instance_->find(pad); node != nullptr && node->scalar != "0") {
        layer_.notes.push_back("padding is part of the input, as Timeloop counts it");
        break;
      }
  }

  /// The value of a coefficient, which some files spell HStride for Hstride.
  std::uint64_t coefficient(const std::string& name) {
    if (name.empty()) return 1;
    for (const auto& [key, node] : instance_->entries) {
      if (lower(key.text) != lower(name)) continue;
      if (key.text != name && !shape_.coefficients.contains(key.text))
        layer_.notes.push_back(fmt::format("'{}' is read as {}", key.text, name));
      return static_cast<std::uint64_t>(yaml::to_integer(node, key.text, 1, INT32_MAX));
    }
    return static_cast<std::uint64_t>(shape_.coefficients.at(name));
  }

  void read_axes() {
    for (const TimeloopSpace* space : {&shape_.weights, &shape_.outputs})
      for (const auto& rank : space->ranks)
        if (rank.size() > 1)
          fail(space->place, "the projection of {} has a sum; only that of the input may", space->name);
    for (const auto& rank : shape_.inputs.ranks) {
      if (rank.size() == 1 && rank[0].coefficient.empty()) continue;
      Axis axis;
      for (const TimeloopTerm& term : rank) {
        const bool in_weights = shape_.weights.has(term.dimension), in_outputs = shape_.outputs.has(term.dimension);
        if (in_weights && !in_outputs && axis.filter.empty()) {
          axis.filter = term.dimension;
          axis.taps = extents_.at(term.dimension);
          axis.dilation = coefficient(term.coefficient);
        } else if (in_outputs && !in_weights && axis.window.empty()) {
          axis.window = term.dimension;
          axis.outputs = extents_.at(term.dimension);
          axis.stride = coefficient(term.coefficient);
        } else if (extents_.at(term.dimension) != 1) {
          fail(shape_.inputs.place,
               "the projection of {} cannot be read; need sums such as [[R, Wdilation], [P, Wstride]]",
               shape_.inputs.name);
        }
        on_axis_.push_back(term.dimension);
      }
      has_axes_ = true;
      if (!axis.trivial()) axes_.push_back(axis);
    }
    if (axes_.size() > 2)
      fail(shape_.inputs.place, "the problem slides along {} axes; legal: one or two", axes_.size());
    if (axes_.size() == 2 && axes_[0].looks_like_width() && axes_[1].looks_like_height()) std::swap(axes_[0], axes_[1]);
    if (axes_.size() == 1 && axes_[0].looks_like_width()) axes_.insert(axes_.begin(), Axis{});
    axes_.resize(2);
  }

  /// Groups, channels, filters and images of the dimensions that are on no axis.
  void sort_dimensions() {
    for (const auto& [dimension, size] : extents_) {
      if (size == 1 || std::find(on_axis_.begin(), on_axis_.end(), dimension) != on_axis_.end()) continue;
      const bool w = shape_.weights.has(dimension), i = shape_.inputs.has(dimension), o = shape_.outputs.has(dimension);
      std::uint64_t* kind = w && i && o    ? &groups_
                            : w && i       ? &channels_
                            : w && o       ? &filters_
                            : i && o && !w ? &images_
                                           : nullptr;
      if (kind == nullptr)
        fail(instance_->find(dimension)->place,
             "dimension '{}' of extent {} indexes one tensor or none; need a convolution or a matrix product",
             dimension, size);
      *kind = product(*kind, size, instance_->find(dimension)->place);
    }
  }

  std::uint32_t narrow(std::uint64_t value) const {
    if (value > INT32_MAX) fail(instance_->place, "an extent of the layer is {}; allowed up to {}", value, INT32_MAX);
    return static_cast<std::uint32_t>(value);
  }

  void build() {
    ConvShape& s = layer_.shape;
    const auto side = [](const Axis& axis) {
      return (axis.outputs - 1) * axis.stride + (axis.taps - 1) * axis.dilation + 1;
    };
    s.N = narrow(images_), s.groups = narrow(groups_);
    s.C = narrow(product(groups_, channels_, instance_->place));
    s.M = narrow(product(groups_, filters_, instance_->place));
    s.R = narrow(axes_[0].taps), s.S = narrow(axes_[1].taps);
    s.H = narrow(side(axes_[0])), s.W = narrow(side(axes_[1]));
    s.stride_h = narrow(axes_[0].stride), s.stride_w = narrow(axes_[1].stride);
    s.dilation_h = narrow(axes_[0].dilation), s.dilation_w = narrow(axes_[1].dilation);
    const bool product_only = axes_[0].trivial() && axes_[1].trivial();
    if (groups_ > 1)
      layer_.op = channels_ == 1 ? Op::Depthwise : Op::Conv;
    else if (product_only)
      layer_.op = has_axes_ ? Op::Fc : Op::Matmul;
  }

  std::optional<double> density(const Node& node, const std::string& name) {
    const std::string what = fmt::format("the density of {}", name);
    if (node.kind != Kind::Map) return yaml::to_real(node, what, 0, 1);
    const Node* distribution = node.find("distribution");
    const std::string kind = distribution != nullptr ? yaml::to_text(*distribution, "distribution") : "fixed";
    const Node* value = node.find("density");
    if (value == nullptr) fail(node.place, "{} has no 'density'; its distribution '{}' is not known", what, kind);
    layer_.notes.push_back(fmt::format("distribution '{}' of {}: its density, not its pattern", kind, name));
    return yaml::to_real(*value, what, 0, 1);
  }

  void read_densities() {
    const std::vector<std::pair<const TimeloopSpace*, std::optional<double>*>> tensors = {
        {&shape_.weights, &layer_.weights}, {&shape_.inputs, &layer_.input}, {&shape_.outputs, &layer_.output}};
    for (const std::string_view key : {"commonDensity", "common_density"})
      if (const Node* common = instance_->find(key))
        for (const auto& [space, value] : tensors) *value = density(*common, space->name);
    if (const Node* densities = instance_->find("densities")) {
      if (densities->kind != Kind::Map) fail(densities->place, "'densities' is no map of tensors");
      for (const auto& [key, node] : densities->entries) {
        const auto found = std::find_if(tensors.begin(), tensors.end(), [&, &word = key.text](const auto& tensor) {
          return tensor.first->name == word;
        });
        if (found == tensors.end()) {
          const std::vector<std::string_view> names = {shape_.weights.name, shape_.inputs.name, shape_.outputs.name};
          fail(key.place, "{}", unknown_word("tensor", key.text, names));
        }
        *found->second = density(node, key.text);
      }
    }
    if (layer_.output && *layer_.output >= 1) layer_.output.reset();
    if (layer_.output) {
      layer_.relu = true;
      layer_.notes.push_back("the output has zeros: a layer with ReLU");
    }
  }

  ImportedFile file_;
  ImportedLayer layer_;
  TimeloopShape shape_;
  const Node* instance_ = nullptr;
  std::map<std::string, std::uint64_t> extents_;
  std::vector<std::string> on_axis_;  ///< dimensions
  bool has_axes_ = false;             ///< the shape is a convolution's, whatever its extents
  std::vector<Axis> axes_;            ///< height and width
  std::uint64_t groups_ = 1, channels_ = 1, filters_ = 1, images_ = 1;
};

}  // namespace

ImportedFile read_timeloop(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace lacuna::imports
