// A network small enough to be run by plain loops, with the predictions of a workload that lacuna tune wrote of it.
#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "../onnx_builder.h"
#include "../temporary_folder.h"
#include "../tune/brute.h"
#include "cli/commands.h"
#include "tensor/npy.h"
#include "workload/workload.h"

namespace lacuna {

constexpr std::size_t kImages = 120, kProfiled = 50, kSide = 10, kFilters = 6, kHidden = 12, kClasses = 4;
constexpr std::size_t kMap = 8, kPooled = 4, kFlat = kFilters * kPooled * kPooled;

using Floats = std::vector<float>;

inline Floats drawn(std::size_t count, unsigned seed, float low, float high) {
  std::mt19937 draw(seed);
  Floats values(count);
  for (float& v : values) v = low + (high - low) * static_cast<float>(draw() % 1000) / 1000;
  return values;
}

/// A convolution, ReLU, max pooling, two fully connected layers.
struct SmallNetwork {
  Floats a = drawn(kFilters * 25, 1, -1, 1), a_bias = drawn(kFilters, 2, -2, 0);
  Floats b = drawn(kHidden * kFlat, 3, -1, 1), b_bias = drawn(kHidden, 4, -1, 1);
  Floats c = drawn(kClasses * kHidden, 5, -1, 1);
  Floats images = drawn(kImages * kSide * kSide, 6, 0, 1);

  SmallNetwork() {
    // Images differ in where they are bright, so that classes do.
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::size_t image = i / (kSide * kSide), row = i / kSide % kSide;
      if ((row / 3 + image) % 3 != 0) images[i] *= 0.1f;
    }
  }

  [[nodiscard]] OnnxBuilder model(std::int64_t batch) const {
    OnnxBuilder m;
    m.input("x", {batch, 1, kSide, kSide});
    m.floats("a.weight", {kFilters, 1, 5, 5}, a).floats("a.bias", {kFilters}, a_bias);
    m.floats("b.weight", {kHidden, kFlat}, b).floats("b.bias", {kHidden}, b_bias);
    m.floats("c.weight", {kClasses, kHidden}, c);
    m.node("Conv", {"x", "a.weight", "a.bias"}, {"a"}).list("pads", {1, 1, 1, 1}).node("Relu", {"a"}, {"ra"});
    m.node("MaxPool", {"ra"}, {"p"}).list("kernel_shape", {2, 2}).list("strides", {2, 2});
    m.node("Flatten", {"p"}, {"f"});
    m.node("Gemm", {"f", "b.weight", "b.bias"}, {"b"}).whole("transB", 1).node("Relu", {"b"}, {"rb"});
    m.node("Gemm", {"rb", "c.weight"}, {"y"}).whole("transB", 1).output("y");
    return m;
  }
};

/// Layers as the written workload has them, and the value of a step of each one's input.
struct Tuned {
  Layer a, b;
  Prediction of_a, of_b;
  double a_step = 1, b_step = 1;
};

inline nlohmann::json json_of(const std::filesystem::path& path) { return nlohmann::json::parse(std::ifstream(path)); }

inline Prediction prediction_of(const std::filesystem::path& folder, const std::string& layer, std::size_t filters) {
  Prediction p{std::vector<std::uint32_t>(filters), std::vector<std::int64_t>(filters)};
  if (!std::filesystem::exists(folder / (layer + ".thresholds.npy"))) return p;
  const auto n = read_npy(folder / (layer + ".representatives.npy"));
  CHECK(n.type() == DType::UInt16);
  REQUIRE(n.shape() == Shape{filters});
  for (std::size_t m = 0; m < filters; ++m) p.representatives[m] = static_cast<std::uint32_t>(n.to_int64()[m]);
  p.thresholds = read_npy(folder / (layer + ".thresholds.npy")).to_int64();
  return p;
}

inline Tuned tuned_of(const std::filesystem::path& folder) {
  const Workload workload = Workload::open(folder);
  const auto recording = json_of(folder / "recording.json");
  return {workload.load(0),
          workload.load(1),
          prediction_of(folder, "a", kFilters),
          prediction_of(folder, "b", kHidden),
          recording["layers"][0]["input_scale"],
          recording["layers"][1]["input_scale"]};
}

/// `layer` with one image of `values` as its input.
inline Layer on(const Layer& layer, const float* values, double step) {
  Layer result = layer;
  result.shape.N = 1;
  result.input = Tensor(DType::UInt8, {1, layer.shape.C, layer.shape.H, layer.shape.W});
  for (std::size_t i = 0; i < result.input.size(); ++i)
    result.input.set(i, std::clamp<std::int64_t>(std::llround(std::floor(double{values[i]} / step + 0.5)), 0, 255));
  return result;
}

/// Counts of one layer over many images.
struct Counts {
  std::uint64_t predicted = 0, wrong = 0, missed = 0, products = 0, exact = 0, positive = 0;
};

/// Zeros the outputs that brute force predicts.
inline void predict(const Layer& layer, const Prediction& p, Floats& outputs, Counts* counts) {
  const std::size_t plane = outputs.size() / p.representatives.size();
  for (std::uint32_t m = 0; m < p.representatives.size(); ++m) {
    const std::uint32_t n = p.representatives[m];
    const auto sums = brute_filter(layer, m, n), exact = brute_filter(layer, m, 0);
    for (std::size_t i = 0; i < plane; ++i) {
      const bool zero = n > 0 && sums[i].partial <= p.thresholds[m];
      if (zero) outputs[m * plane + i] = 0;
      if (counts == nullptr) continue;
      counts->predicted += zero ? 1 : 0;
      counts->wrong += zero && sums[i].total > 0 ? 1 : 0;
      counts->missed += n > 0 && !zero && sums[i].total <= 0 ? 1 : 0;
      counts->positive += sums[i].total > 0 ? 1 : 0;
      counts->products += zero ? n : sums[i].products;
      counts->exact += exact[i].products;
    }
  }
}

/// The class of an image; with `tuned` as its predictions make it, `counts` of both layers on what the image alone
/// gives.
inline std::size_t classify(const SmallNetwork& net, std::size_t image, const Tuned* tuned,
                            std::array<Counts, 2>* counts) {
  const float* x = net.images.data() + image * kSide * kSide;
  Floats a(kFilters * kMap * kMap), pooled(kFlat, 0), b(net.b_bias);
  for (std::size_t m = 0; m < kFilters; ++m)
    for (std::size_t p = 0; p < kMap; ++p)
      for (std::size_t q = 0; q < kMap; ++q) {
        float sum = net.a_bias[m];
        for (std::size_t r = 0; r < 5; ++r)
          for (std::size_t s = 0; s < 5; ++s)
            if (p + r >= 1 && p + r <= kSide && q + s >= 1 && q + s <= kSide)
              sum += net.a[m * 25 + r * 5 + s] * x[(p + r - 1) * kSide + q + s - 1];
        a[(m * kMap + p) * kMap + q] = std::max(sum, 0.0f);
      }
  if (tuned != nullptr) predict(on(tuned->a, x, tuned->a_step), tuned->of_a, a, counts ? &(*counts)[0] : nullptr);
  for (std::size_t i = 0; i < a.size(); ++i) {
    float& to = pooled[(i / (kMap * kMap) * kPooled + i / kMap % kMap / 2) * kPooled + i % kMap / 2];
    to = std::max(to, a[i]);
  }
  for (std::size_t m = 0; m < kHidden; ++m) {
    for (std::size_t k = 0; k < kFlat; ++k) b[m] += net.b[m * kFlat + k] * pooled[k];
    b[m] = std::max(b[m], 0.0f);
  }
  if (tuned != nullptr)
    predict(on(tuned->b, pooled.data(), tuned->b_step), tuned->of_b, b, counts ? &(*counts)[1] : nullptr);
  Floats y(kClasses, 0);
  for (std::size_t m = 0; m < kClasses; ++m)
    for (std::size_t k = 0; k < kHidden; ++k) y[m] += net.c[m * kHidden + k] * b[k];
  return static_cast<std::size_t>(std::ranges::max_element(y) - y.begin());
}

inline std::string npy(const SmallNetwork& net) {
  Tensor tensor(DType::Float32, {kImages, 1, kSide, kSide});
  std::ranges::copy(net.images, tensor.as<float>().begin());
  return write_npy(tensor);
}

/// What the network says, and something else for every eighth image.
inline std::vector<std::size_t> labels_of(const SmallNetwork& net) {
  std::vector<std::size_t> labels;
  for (std::size_t i = 0; i < kImages; ++i)
    labels.push_back((classify(net, i, nullptr, nullptr) + (i % 8 == 0 ? 1 : 0)) % kClasses);
  return labels;
}

inline std::string npy(const std::vector<std::size_t>& labels) {
  Tensor tensor(DType::UInt8, {labels.size()});
  for (std::size_t i = 0; i < labels.size(); ++i) tensor.set(i, static_cast<std::int64_t>(labels[i]));
  return write_npy(tensor);
}

inline TuneOptions options_in(const TemporaryFolder& folder, const SmallNetwork& net, std::int64_t batch = -1) {
  TuneOptions o;
  o.file = folder.write("net.onnx", net.model(batch).bytes()).string();
  o.input = folder.write("x.npy", npy(net)).string();
  o.labels = folder.write("labels.npy", npy(labels_of(net))).string();
  o.output = (folder.path() / "out").string();
  o.profile = kProfiled, o.record = 3;
  o.loss = "5%";
  return o;
}

inline std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

}  // namespace lacuna
