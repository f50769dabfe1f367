// Protobuf's own limit of 100 nested messages bounds the depth of whatever a file holds.
#include "onnx/model.h"

#include <fstream>
#include <set>

#include "onnx/proto.h"
#include "onnx/tensor_proto.h"

namespace lacuna::onnx {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestShown = 100;

/// Parses `path` as a message of that type. `what` is a word for it.
template <typename Message>
Message parse(const fs::path& path, std::string_view what) {
  const Place place{path.string()};
  std::error_code error;
  if (fs::is_directory(path, error)) fail(place, "is a folder, not an ONNX {}", what);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(place, "cannot read: {}", std::generic_category().message(errno));
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) fail(place, "cannot read: {}", error.message());
  if (size > INT32_MAX) fail(place, "the file has {} bytes; an ONNX file has less than 2 GiB", size);
  Message message;
  if (size == 0 || !message.ParseFromIstream(&file)) fail(place, "is no ONNX {}, or is cut short", what);
  return message;
}

bool own_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

class Reader {
 public:
  explicit Reader(const fs::path& path) : proto_(parse<::onnx::ModelProto>(path, "model")) { model_.path = path; }

  Model read() {
    const Place place{model_.path.string()};
    if (!proto_.has_graph() || proto_.graph().node_size() == 0) fail(place, "is an ONNX model without a node");
    for (const auto& set : proto_.opset_import())
      if (own_domain(set.domain())) model_.opset = static_cast<int>(std::min<std::int64_t>(set.version(), INT32_MAX));
    if (model_.opset < 1) fail(place, "does not say which version of ONNX's operators it uses");
    const auto& graph = proto_.graph();
    model_.name = graph.name();
    if (graph.sparse_initializer_size() > 0)
      fail(place, "tensor '{}' is stored sparse, which is not supported",
           shown(graph.sparse_initializer(0).values().name()));
    for (const auto& initializer : graph.initializer()) {
      const Place its{fmt::format("{}: tensor '{}'", place.file, shown(initializer.name()))};
      make(initializer.name(), its);
      model_.constants[initializer.name()] =
          std::make_shared<const Tensor>(tensor_of(initializer, model_.path.parent_path(), its));
    }
    for (const auto& input : graph.input()) read_input(input);
    for (const auto& node : graph.node()) read_node(node);
    for (const auto& output : graph.output()) {
      if (!made_.contains(output.name())) fail(place, "no node makes output '{}'", shown(output.name()));
      model_.outputs.push_back(output.name());
    }
    return std::move(model_);
  }

 private:
  void make(const std::string& value, const Place& place) {
    if (value.empty()) fail(place, "a value has no name");
    if (!made_.insert(value).second) fail(place, "value '{}' is made twice", shown(value));
  }

  /// Models before IR version 4 list their constants among the inputs, too.
  void read_input(const ::onnx::ValueInfoProto& proto) {
    if (model_.constants.contains(proto.name())) return;
    const Place place{fmt::format("{}: input '{}'", model_.path.string(), shown(proto.name()))};
    make(proto.name(), place);
    Input input{proto.name(), type_of(proto.type().tensor_type().elem_type()), {}};
    if (proto.type().tensor_type().has_shape()) {
      auto& shape = input.shape.emplace();
      for (const auto& extent : proto.type().tensor_type().shape().dim()) {
        // Some writers put 0 or -1 for what is open.
        const bool said = extent.has_dim_value() && extent.dim_value() > 0;
        shape.push_back(said ? std::optional(static_cast<std::size_t>(extent.dim_value())) : std::nullopt);
      }
    }
    model_.inputs.push_back(std::move(input));
  }

  void read_node(const ::onnx::NodeProto& proto) {
    Node node;
    node.name = proto.name();
    node.op = own_domain(proto.domain()) ? proto.op_type() : proto.domain() + "." + proto.op_type();
    const std::string called = !node.name.empty() || proto.output_size() == 0 ? node.name : proto.output(0);
    node.place.file = fmt::format("{}: {} '{}'", model_.path.string(), shown(node.op), shown(called));
    for (const std::string& value : proto.input()) {
      if (!value.empty() && !made_.contains(value))
        fail(node.place, "reads '{}', which nothing before it makes", shown(value));
      node.inputs.push_back(value);
    }
    if (proto.output_size() == 0) fail(node.place, "has no output");
    for (const std::string& value : proto.output()) {
      if (!value.empty()) make(value, node.place);
      node.outputs.push_back(value);
    }
    for (const auto& attribute : proto.attribute()) read_attribute(attribute, node);
    model_.nodes.push_back(std::move(node));
  }

  void read_attribute(const ::onnx::AttributeProto& proto, Node& node) {
    using Proto = ::onnx::AttributeProto;
    auto& to = node.attributes;
    const std::string& name = proto.name();
    switch (proto.type()) {
      case Proto::INT:
        to[name] = std::int64_t{proto.i()};
        break;
      case Proto::FLOAT:
        to[name] = proto.f();
        break;
      case Proto::STRING:
        to[name] = proto.s();
        break;
      case Proto::INTS:
        to[name] = std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
        break;
      case Proto::FLOATS:
        to[name] = std::vector<float>(proto.floats().begin(), proto.floats().end());
        break;
      case Proto::TENSOR:
        to[name] = std::make_shared<const Tensor>(tensor_of(proto.t(), model_.path.parent_path(), node.place));
        break;
      default:
        node.unread.push_back(name);
    }
  }

  ::onnx::ModelProto proto_;
  Model model_;
  std::set<std::string> made_;  ///< values known so far
};

}  // namespace

std::string shown(const std::string& name) {
  return name.size() <= kLongestShown ? name : name.substr(0, kLongestShown) + "...";
}

Model read_model(const fs::path& path) { return Reader(path).read(); }

Tensor read_tensor(const fs::path& path) {
  return tensor_of(parse<::onnx::TensorProto>(path, "tensor"), path.parent_path(), Place{path.string()});
}

}  // namespace lacuna::onnx
