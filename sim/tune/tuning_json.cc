#include <nlohmann/json.hpp>

#include "tune/tune.h"

namespace lacuna::tune {

namespace {

using Json = nlohmann::ordered_json;

Json accuracy_json(const Accuracy& accuracy) {
  return {{"images", accuracy.images}, {"right_exact", accuracy.exact}, {"right_tuned", accuracy.tuned}};
}

Json layer_json(const TunedLayer& layer, bool network) {
  if (layer.refusal) return {{"name", layer.name}, {"not_tuned", *layer.refusal}};
  Json json = {{"name", layer.name},
               {"budget", layer.budget},
               {"filters", layer.filters},
               {"filters_predicting", layer.predicting}};
  if (network) json["right_alone"] = layer.alone;
  json["outputs"] = layer.exact.outputs;
  json["positive"] = layer.exact.positive;
  json["positive_value"] = layer.exact.mass;
  json["predicted"] = layer.outcome.predicted;
  json["wrong"] = layer.outcome.wrong;
  json["missed"] = layer.outcome.missed;
  json["lost_value"] = layer.outcome.lost;
  json["pairs"] = layer.exact.pairs;
  json["products_exact"] = layer.exact.products;
  json["products"] = layer.outcome.products;
  return json;
}

}  // namespace

std::string tuning_json(const Tuning& tuning) {
  Json json;
  if (tuning.chosen) {
    json["images_profiled"] = tuning.profiled;
    json["images_recorded"] = tuning.recorded;
    json["images_that_may_be_lost"] = tuning.accepted;
    json["steps_back"] = tuning.steps;
    json["accuracy"] = accuracy_json(*tuning.chosen);
  }
  if (tuning.test) json["test_accuracy"] = accuracy_json(*tuning.test);
  json["layers"] = Json::array();
  for (const TunedLayer& layer : tuning.layers) json["layers"].push_back(layer_json(layer, tuning.chosen.has_value()));
  return json.dump(2) + "\n";
}

}  // namespace lacuna::tune
