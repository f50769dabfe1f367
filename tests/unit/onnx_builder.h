// ONNX models for tests, written with protobuf.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

class OnnxBuilder {
 public:
  using Type = ::onnx::TensorProto;
  using Names = std::vector<std::string>;
  using Dims = std::vector<std::int64_t>;

  explicit OnnxBuilder(int opset = 13) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("net");
  }

  /// An extent of -1 is left open.
  OnnxBuilder& input(const std::string& name, const Dims& dims, int type = Type::FLOAT) {
    auto* proto = model.mutable_graph()->add_input();
    proto->set_name(name);
    auto* tensor = proto->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (const std::int64_t extent : dims)
      if (extent < 0)
        tensor->mutable_shape()->add_dim()->set_dim_param("open");
      else
        tensor->mutable_shape()->add_dim()->set_dim_value(extent);
    return *this;
  }
  OnnxBuilder& output(const std::string& name) {
    model.mutable_graph()->add_output()->set_name(name);
    return *this;
  }
  OnnxBuilder& floats(const std::string& name, const Dims& dims, const std::vector<float>& values) {
    auto& proto = tensor(name, dims, Type::FLOAT);
    proto.mutable_float_data()->Add(values.begin(), values.end());
    return *this;
  }
  OnnxBuilder& integers(const std::string& name, const Dims& dims, const std::vector<std::int64_t>& values,
                        int type = Type::INT64) {
    auto& proto = tensor(name, dims, type);
    for (const std::int64_t value : values)
      if (type == Type::INT64)
        proto.add_int64_data(value);
      else
        proto.add_int32_data(static_cast<std::int32_t>(value));
    return *this;
  }
  /// An initializer without elements.
  ::onnx::TensorProto& tensor(const std::string& name, const Dims& dims, int type) {
    auto* proto = model.mutable_graph()->add_initializer();
    proto->set_name(name);
    proto->set_data_type(type);
    proto->mutable_dims()->Add(dims.begin(), dims.end());
    return *proto;
  }

  /// A node named after its first output; attributes follow.
  OnnxBuilder& node(const std::string& op, const Names& inputs, const Names& outputs) {
    node_ = model.mutable_graph()->add_node();
    node_->set_op_type(op);
    node_->set_name(outputs.empty() ? "" : outputs[0]);
    node_->mutable_input()->Add(inputs.begin(), inputs.end());
    node_->mutable_output()->Add(outputs.begin(), outputs.end());
    return *this;
  }
  OnnxBuilder& whole(const std::string& name, std::int64_t value) {
    attribute(name, ::onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  OnnxBuilder& list(const std::string& name, const Dims& values) {
    attribute(name, ::onnx::AttributeProto::INTS).mutable_ints()->Add(values.begin(), values.end());
    return *this;
  }
  OnnxBuilder& real(const std::string& name, float value) {
    attribute(name, ::onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  OnnxBuilder& word(const std::string& name, const std::string& value) {
    attribute(name, ::onnx::AttributeProto::STRING).set_s(value);
    return *this;
  }
  ::onnx::AttributeProto& attribute(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
    auto* proto = node_->add_attribute();
    proto->set_name(name);
    proto->set_type(type);
    return *proto;
  }

  [[nodiscard]] std::string bytes() const { return model.SerializeAsString(); }

  ::onnx::ModelProto model;

 private:
  ::onnx::NodeProto* node_ = nullptr;
};

}  // namespace lacuna
