// The optimiser as a whole: profiled, chosen in each layer, chosen in the network, measured on other images.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tune/choose.h"
#include "tune/network.h"
#include "workload/workload.h"

namespace lacuna::tune {

/// Says what is being done: a sentence, the part and how many parts there are.
using Say = std::function<void(const std::string& what, std::size_t part, std::size_t parts)>;

struct TunedLayer {
  std::string name;
  std::optional<std::string> refusal;  ///< why it does not predict; what follows is empty then
  double budget = 0;                   ///< of the plan that was chosen
  std::size_t predicting = 0, filters = 0;
  std::size_t plans = 0, kept = 0;  ///< distinct ones, that without prediction among them; left after drop_losing()
  /// Images right with this layer's chosen plan alone. Networks only.
  std::uint64_t alone = 0;
  Exact exact;
  Outcome outcome;
};

/// Images that the network classifies right, exactly and with the predictions.
struct Accuracy {
  std::size_t images = 0;
  std::uint64_t exact = 0, tuned = 0;
};

struct Tuning {
  std::vector<TunedLayer> layers;
  std::size_t profiled = 0, recorded = 0;  ///< images; networks only
  std::size_t accepted = 0;                ///< images that may be lost
  std::size_t steps = 0;                   ///< of step_back()
  bool generated = false;                  ///< a layer's tensors were drawn
  std::optional<Accuracy> chosen;          ///< of the images the choice was made on
  std::optional<Accuracy> test;            ///< of images that decided nothing
  imports::ImportedFile file;              ///< the workload
};

struct NetworkOptions {
  std::filesystem::path model;
  Labelled images;
  std::optional<Labelled> test;
  std::size_t profiled = 0;  ///< of `images` the first; accuracy is that of the others
  std::size_t recorded = 0;  ///< of the others the first, which the workload holds
  double loss = 0;           ///< share of the images that may be lost, net
  unsigned threads = 1;
};

/// Counts of the layers are those of `images` that were not profiled. UserError as Network says, and
/// if no layer can predict.
Tuning tune_network(const NetworkOptions& options, const Say& say);

/// Chooses in each layer on its recorded or generated input alone: each filter may lose the share `lost` of its
/// positive mass. Counts are those of the same input. UserError as Workload says, and if no layer can predict.
Tuning tune_workload(const std::filesystem::path& path, const Workload& workload, double lost, unsigned threads,
                     const Say& say);

/// The text of tuning.json.
std::string tuning_json(const Tuning& tuning);

}  // namespace lacuna::tune
