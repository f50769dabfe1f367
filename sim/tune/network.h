// An ONNX model whose layers can be made to predict: what it classifies right then, and the workload it becomes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "import/onnx.h"
#include "tune/profile.h"

namespace lacuna::tune {

struct Labelled {
  Tensor images;                     ///< float32, the first dimension counts images
  std::vector<std::int64_t> labels;  ///< of each image its class, from 0

  [[nodiscard]] std::size_t count() const { return labels.size(); }
  [[nodiscard]] Labelled part(std::size_t from, std::size_t count) const;
};

/// Of each layer its prediction; null where it has none.
using Trial = std::vector<const Prediction*>;

/// A layer on images that it was not profiled on.
struct Measured {
  Exact exact;
  Outcome outcome;
};

class Network {
 public:
  struct Layer {
    lacuna::Layer layer;                 ///< its input: the profiled images
    std::optional<std::string> refusal;  ///< why it may not predict
  };

  /// Reads the images of `file`, and the labels. UserError if the model has several inputs, if the images do not fit
  /// it, or if labels are not one whole number an image. A batch that the model fixes is taken for an open one.
  static Labelled read_images(const std::filesystem::path& model, const std::string& images, const std::string& labels);

  /// Runs the model on `images`; the first `profiled` are what layers are profiled on, the others are recorded in the
  /// workload. Steps of integers are those of all these images. UserError as read_onnx(), and if a layer's input does
  /// not fall into images.
  Network(const std::filesystem::path& model, const Tensor& images, std::size_t profiled);

  [[nodiscard]] const std::vector<Layer>& layers() const { return layers_; }

  /// How many images each trial classifies right: the largest value of the model's first output, the first of equal
  /// ones, is the label. The network runs in float; which sums are predicted is decided on its layers' integers, as
  /// the machine has them. UserError if the output is no row of classes an image, or a label is none of them.
  [[nodiscard]] std::vector<std::uint64_t> right(const Labelled& images, const std::vector<Trial>& trials,
                                                 unsigned threads) const;

  /// Each layer's counts on the inputs it has in the network without predictions.
  [[nodiscard]] std::vector<Measured> measure(const Labelled& images, const Trial& trial, unsigned threads) const;

  /// The recorded images, and of each layer its prediction.
  [[nodiscard]] imports::ImportedFile file(const Trial& trial) const;

 private:
  [[nodiscard]] std::size_t batch() const;
  [[nodiscard]] onnx::Execution run(const Tensor& images) const;
  [[nodiscard]] std::uint64_t count_right(const onnx::Execution& run, const Labelled& images) const;
  [[nodiscard]] std::vector<std::uint16_t> integers(std::size_t layer, const Tensor& values) const;
  /// What a trial changes in a run of `images` images.
  [[nodiscard]] std::map<std::string, onnx::Change> changes(const Trial& trial, std::size_t images) const;

  std::size_t images_, profiled_;
  std::unique_ptr<imports::OnnxNetwork> network_;
  std::vector<Layer> layers_;
};

/// The integers of a prediction as a workload has them.
void add_prediction(const Prediction& prediction, imports::LayerTensors& tensors);

/// `count` of the first dimension's entries from `from` on.
Tensor rows_of(const Tensor& tensor, std::size_t from, std::size_t count);

}  // namespace lacuna::tune
