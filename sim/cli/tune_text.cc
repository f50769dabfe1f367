#include "cli/tune_text.h"

#include <filesystem>

#include "report/text_table.h"

namespace lacuna {

namespace {

using tune::Accuracy;
using tune::TunedLayer;
using tune::Tuning;

double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

std::string share(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.1f} %", percent(static_cast<double>(part), static_cast<double>(whole)));
}

/// "98.60 %"
std::string rate(std::uint64_t right, std::size_t images) {
  return fmt::format("{:.2f} %", percent(static_cast<double>(right), static_cast<double>(images)));
}

/// "accuracy: 98.60 % without, 97.80 % with predictions (493 and 489 of 500 images"
std::string accuracy_text(std::string_view what, const Accuracy& a) {
  return fmt::format("{}: {} without predictions, {} with them ({} and {} of {} images", what, rate(a.exact, a.images),
                     rate(a.tuned, a.images), a.exact, a.tuned, a.images);
}

std::vector<std::string> row_of(const TunedLayer& layer, const std::optional<Accuracy>& accuracy) {
  const auto& [outputs, positive, pairs, products, mass] = layer.exact;
  std::vector<std::string> row = {layer.name,
                                  layer.predicting == 0 ? "-" : fmt::format("{:g} %", 100 * layer.budget),
                                  fmt::format("{} of {}", layer.predicting, layer.filters),
                                  share(layer.outcome.predicted, outputs),
                                  share(layer.outcome.wrong, positive),
                                  share(layer.outcome.missed, outputs - positive),
                                  fmt::format("{:.2f} %", percent(layer.outcome.lost, mass)),
                                  share(products, pairs),
                                  share(layer.outcome.products, pairs)};
  if (accuracy) row.push_back(rate(layer.alone, accuracy->images));
  return row;
}

}  // namespace

std::string tuning_text(const Tuning& tuning, std::size_t width) {
  std::vector<std::string> head = {"layer",  "budget", "filters", "predicted", "wrong",
                                   "missed", "lost",   "exact",   "tuned"};
  if (tuning.chosen) head.push_back("alone");
  TextTable table(head);
  tune::Exact exact;
  tune::Outcome outcome;
  std::string refused;
  for (const TunedLayer& layer : tuning.layers) {
    if (layer.refusal) {
      refused += fmt::format("{} does not predict: {}\n", layer.name, *layer.refusal);
      continue;
    }
    table.add(row_of(layer, tuning.chosen));
    exact += layer.exact, outcome += layer.outcome;
  }
  std::string text;
  if (tuning.chosen)
    text = fmt::format("profiled on {} images; chosen and counted on {} others, of which {} are recorded\n",
                       tuning.profiled, tuning.chosen->images, tuning.recorded);
  else
    text = "profiled and counted on the input the workload has\n";
  text += fmt::format("\n{}\n", table.text(width));
  text +=
      "budget: of each filter's positive value; filters: that predict; predicted: of the outputs; wrong: of the "
      "positive "
      "ones; missed: of the\nothers; lost: of the positive value; exact, tuned: multiplications done, of outputs times "
      "nonzero weights, without and with predictions\n";
  if (tuning.chosen) text += "alone: accuracy with this layer's predictions alone\n";
  text += refused;
  text += fmt::format("multiplications with predictions over exact stops alone: {}\n",
                      share(outcome.products, exact.products));
  if (tuning.chosen)
    text += accuracy_text("accuracy", *tuning.chosen) +
            fmt::format("; {} may be lost; {} steps back)\n", tuning.accepted, tuning.steps);
  if (tuning.test) text += accuracy_text("accuracy on test images", *tuning.test) + ", which decided nothing)\n";
  return text;
}

std::string tuning_sentence(const Tuning& tuning, const std::string& model) {
  const Accuracy& a = tuning.test ? *tuning.test : *tuning.chosen;
  return fmt::format("{}, predictions by lacuna tune; {}{}", std::filesystem::path(model).filename().string(),
                     accuracy_text(tuning.test ? "accuracy on test images" : "accuracy", a),
                     tuning.test ? ", which decided nothing)" : ", on which predictions were chosen)");
}

}  // namespace lacuna
