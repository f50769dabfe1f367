// The operators against ONNX's own tests: a model of one node, its inputs and what must come out.
#include "onnx/operators.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "onnx/execution.h"

using namespace lacuna;
using namespace lacuna::onnx;

namespace fs = std::filesystem;

namespace {

/// Tests left out though their operators are supported: what our answer ends in, how many there are, and why.
struct LeftOut {
  std::string_view answer;
  std::size_t tests;
  std::string_view why;
};
constexpr LeftOut kLeftOut[] = {
    {"output 2 is not made", 23, "places of largest values, masks, means: nothing reads them in inference"},
    {"as in training; export the model for inference", 8, "training"},
    {"does not say which version of ONNX's operators it uses", 7, "optimisers of training, in a domain of their own"},
    {"is not supported", 7, "casts to half precision and to text"},
    {"STRING cannot be read; legal: FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL and integers of 8 to 64 bits", 3, "text"},
    {"element 0 is 16117, not 0.478515625", 2, "bfloat16 that the test's data call uint16"},
    {"which are not supported", 1, "a sequence of tensors"},
    {"the tensor has more than 2^31 elements", 1, "an optional sequence of tensors, no tensor"},
    {"unknown attribute 'axis'; need none", 4, "broadcasting before version 7"},
    {"unknown attribute 'broadcast'; need none", 2, "broadcasting before version 7"},
    {"do not fit each other", 3, "broadcasting before version 7"},
    {"holds int32; legal: float32", 2, "powers of whole numbers"},
    {"holds int64; legal: float32", 3, "powers of whole numbers"},
    {"holds uint8; legal: float32", 1, "pooling of whole numbers"},
    {"which is no whole size", 2, "ONNX and the runtimes differ"},
    {"legal: half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_half_pixel_for_nn", 1,
     "Resize of a region"},
};

/// Relative and absolute, as ONNX's own runner has them.
constexpr double kRelative = 1e-3, kAbsolute = 1e-7;

/// "" if `got` is `wanted`.
std::string difference(const Tensor& got, const Tensor& wanted) {
  if (got.type() != wanted.type() || got.shape() != wanted.shape())
    return fmt::format("{} {}, not {} {}", name_of(got.type()), text_of(got.shape()), name_of(wanted.type()),
                       text_of(wanted.shape()));
  if (got.type() != DType::Float32) return got == wanted ? "" : "other integers";
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double a = got.as<float>()[i], b = wanted.as<float>()[i];
    const bool same =
        std::abs(a - b) <= kAbsolute + kRelative * std::abs(b) || a == b || (std::isnan(a) && std::isnan(b));
    if (!same) return fmt::format("element {} is {}, not {}", i, a, b);
  }
  return "";
}

/// The model's answer to the first set of inputs: "" if it is the expected one.
std::string run_test(const fs::path& folder) {
  const fs::path data = folder / "test_data_set_0";
  try {
    const Model model = read_model(folder / "model.onnx");
    std::map<std::string, Tensor> inputs;
    for (std::size_t i = 0; i < model.inputs.size(); ++i)
      inputs[model.inputs[i].name] = read_tensor(data / fmt::format("input_{}.pb", i));
    const Execution run = execute(model, inputs);
    for (std::size_t i = 0; i < model.outputs.size(); ++i) {
      const auto value = run.values.find(model.outputs[i]);
      if (value == run.values.end()) return fmt::format("output {} is not made", i + 1);
      const std::string wrong = difference(*value->second, read_tensor(data / fmt::format("output_{}.pb", i)));
      if (!wrong.empty()) return fmt::format("output {}: {}", i + 1, wrong);
    }
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

/// Whether all operators of a model are supported; its one operator, if it has one.
bool all_supported(const fs::path& folder, std::set<std::string>& operators) {
  try {
    const Model model = read_model(folder / "model.onnx");
    const bool all = std::ranges::all_of(model.nodes, [](const Node& node) { return is_supported(node.op); });
    if (all)
      for (const Node& node : model.nodes) operators.insert(node.op);
    return all;
  } catch (const UserError&) {
    return true;  // run_test() says why
  }
}

}  // namespace

TEST_CASE("every operator gives what ONNX's own tests expect of it") {
  std::set<std::string> tested;
  std::map<std::string_view, std::size_t> left_out;
  std::size_t passed = 0, unsupported = 0;
  for (const char* group : {"node", "pytorch-converted", "pytorch-operator", "simple"})
    for (const auto& entry : fs::directory_iterator(fs::path(LACUNA_ONNX_TESTS) / group)) {
      if (!all_supported(entry.path(), tested)) {
        ++unsupported;
        continue;
      }
      const std::string wrong = run_test(entry.path());
      INFO(entry.path().filename().string() << ": " << wrong);
      const auto known = std::ranges::find_if(kLeftOut, [&](const LeftOut& l) { return wrong.ends_with(l.answer); });
      CHECK((wrong.empty() || known != std::end(kLeftOut)));
      if (wrong.empty())
        ++passed;
      else if (known != std::end(kLeftOut))
        ++left_out[known->answer];
    }
  for (const LeftOut& l : kLeftOut) {
    INFO(l.answer << ": " << l.why);
    CHECK(left_out[l.answer] == l.tests);
  }
  CHECK(passed == 388);
  CHECK(unsupported == 614);
  const auto supported = supported_operators();
  for (const std::string_view op : supported) {
    INFO(op);
    CHECK(tested.contains(std::string(op)));
  }
}
