#include "cli/prune.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <variant>

#include "base/yaml.h"
#include "cli/choose_layers.h"
#include "cli/hints.h"
#include "cli/result_folder.h"
#include "cli/workload_folder.h"
#include "prune/magnitude.h"
#include "report/json_value.h"
#include "report/number_text.h"
#include "report/text_table.h"
#include "workload/workload_text.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kCommand = "lacuna prune";
constexpr std::string_view kRecording = "recording.json";
/// A note of every pruned layer.
constexpr std::string_view kUntrained =
    "no fine-tuning after pruning; input, bias and requantisation are those of the network before it";

struct Criterion {
  std::variant<Pattern, double> keeps;  ///< a pattern or a density
  bool global = false;                  ///< the density of all layers together
  std::string option;                   ///< "--pattern 2:4"

  [[nodiscard]] std::string text() const {
    if (const auto* pattern = std::get_if<Pattern>(&keeps)) return pattern->text();
    return fmt::format("{:g} % of {}", 100 * std::get<double>(keeps),
                       global ? "the weights of all pruned layers together" : "each layer's weights");
  }
};

Criterion read_criterion(const PruneOptions& options) {
  if (options.pattern.has_value() == options.density.has_value())
    fail(Place{std::string(kCommand)}, "need either --pattern N:M or --density D");
  if (options.pattern) {
    const auto pattern = read_pattern(*options.pattern);
    if (!pattern) fail(Place{"--pattern"}, "'{}' is no pattern; need {}", *options.pattern, kLegalPatterns);
    if (options.global) fail(Place{"--global"}, "a pattern is one of every layer; --global goes with --density");
    return {*pattern, false, fmt::format("--pattern {}", pattern->text())};
  }
  double density = 0;
  const char* end = options.density->data() + options.density->size();
  const auto read = std::from_chars(options.density->data(), end, density);
  if (read.ec != std::errc() || read.ptr != end || !(density > 0 && density < 1))
    fail(Place{"--density"}, "'{}' is no density; need a number above 0 and below 1, for example 0.3",
         *options.density);
  return {density, options.global, fmt::format("--density {}{}", density, options.global ? " --global" : "")};
}

fs::path folder_of(const std::string& workload) {
  std::error_code error;
  if (fs::is_directory(workload, error)) return workload;
  const fs::path parent = fs::path(workload).parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

/// The folder's recording.json; "" if there is none.
std::string recording_of(const fs::path& folder) {
  std::error_code error;
  constexpr std::uint64_t kLargestMib = 1024;
  return fs::exists(folder / kRecording, error) ? yaml::read_text(folder / kRecording, kLargestMib) : "";
}

/// Layers whose weights are activations of another: nothing that pruning could change.
std::vector<std::string> layers_without_weights(const std::string& recording, const fs::path& folder) {
  std::vector<std::string> names;
  if (recording.empty()) return names;
  const std::string file = (folder / kRecording).string();
  const Json document = parse_json(recording, file);
  for (const JsonValue& layer : JsonValue(document, file)["layers"].list())
    if (layer.has("weights_from") && !layer["weights_from"].is_null()) names.push_back(layer["name"].text());
  return names;
}

/// Layers to be pruned and how they were before.
struct Pruned {
  std::size_t index;
  Layer layer;
  std::vector<double> scales;
  pruning::Weighed before, after;

  [[nodiscard]] double share() const {
    return static_cast<double>(after.nonzero) / static_cast<double>(layer.weights.size());
  }
  [[nodiscard]] double magnitude_left() const { return before.magnitude == 0 ? 1 : after.magnitude / before.magnitude; }
};

void apply(const Criterion& criterion, std::vector<Pruned>& layers) {
  if (const auto* pattern = std::get_if<Pattern>(&criterion.keeps)) {
    for (Pruned& p : layers) pruning::to_pattern(p.layer, *pattern);
    return;
  }
  std::vector<pruning::Scaled> scaled;
  for (Pruned& p : layers) scaled.push_back({&p.layer, p.scales});
  const std::span<const pruning::Scaled> all = scaled;
  const std::size_t together = criterion.global ? all.size() : 1;
  for (std::size_t i = 0; i < all.size(); i += together)
    pruning::to_density(all.subspan(i, together), std::get<double>(criterion.keeps));
}

std::vector<Pruned> prune_layers(const Workload& workload, const std::vector<std::size_t>& chosen,
                                 const Criterion& criterion) {
  std::vector<Pruned> layers;
  for (const std::size_t index : chosen) {
    Pruned p{index, workload.load(index), {}, {}, {}};
    p.scales = pruning::filter_scales(p.layer, workload.entry(index).weight_steps);
    p.before = pruning::weigh(p.layer, p.scales);
    layers.push_back(std::move(p));
  }
  apply(criterion, layers);
  for (Pruned& p : layers) {
    p.after = pruning::weigh(p.layer, p.scales);
    // What loading said of its weights is not true of the pruned ones; where it is, loading them says it again.
    const Workload::Entry& read = workload.entry(p.index);
    auto& notes = p.layer.notes = read.layer.notes;
    if (read.generated) notes.push_back(generated_note(read.layer, *read.generated));
    notes.push_back(fmt::format("weights pruned by magnitude: to {}, {:.4g} % are left, {:.4g} % of their magnitude",
                                criterion.text(), 100 * p.share(), 100 * p.magnitude_left()));
    if (std::ranges::find(notes, kUntrained) == notes.end()) notes.emplace_back(kUntrained);
  }
  return layers;
}

std::string counted(std::size_t layers, std::size_t all) {
  return layers == all ? "all layers" : fmt::format("{} of {} layers", layers, all);
}

Files files_of(const Workload& workload, const std::vector<Pruned>& pruned, const Criterion& criterion) {
  Files files;
  std::string text =
      fmt::format("# Written by {} {}\nnetwork: {}\n", kCommand, criterion.option, in_quotes(workload.name()));
  text += fmt::format("source: {}\nlayers:\n",
                      in_quotes(fmt::format("{}{}weights of {} pruned by magnitude to {}, without fine-tuning; the "
                                            "accuracy of the pruned network is not known",
                                            workload.source(), workload.source().empty() ? "" : "; ",
                                            counted(pruned.size(), workload.layer_names().size()), criterion.text())));
  auto next = pruned.begin();
  for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
    const Workload::Entry& entry = workload.entry(i);
    if (next != pruned.end() && next->index == i)
      text += given_layer_text((next++)->layer, files);
    else if (entry.generated)
      text += generated_layer_text(entry.layer, *entry.generated, files);
    else
      text += given_layer_text(entry.layer, files);
  }
  files["workload.yaml"] = std::move(text);
  return files;
}

/// Bug if a layer of the written workload is not the one that was meant.
void check_written(const fs::path& path, const Workload& workload, const std::vector<Pruned>& pruned) {
  const Workload written = [&] {
    try {
      return Workload::open(path);
    } catch (const UserError& error) {  // what was written is ours
      throw Bug(fmt::format("what was pruned is no workload: {}", error.what()));
    }
  }();
  LACUNA_CHECK(written.layer_names() == workload.layer_names(), "other layers were written");
  const auto same_predictions = [](const Layer& a, const Layer& b) {
    if (!a.prediction || !b.prediction) return a.prediction.has_value() == b.prediction.has_value();
    return a.prediction->representatives == b.prediction->representatives &&
           a.prediction->thresholds == b.prediction->thresholds;
  };
  const auto same_scale = [](const Requantise& a, const Requantise& b) {
    return a.multiplier == b.multiplier && a.shift == b.shift;
  };
  const auto same = [&](const Layer& a, const Layer& b) {
    return a.op == b.op && a.shape == b.shape && a.relu == b.relu && a.weights == b.weights && a.input == b.input &&
           a.bias == b.bias && std::ranges::equal(a.requantise, b.requantise, same_scale) && same_predictions(a, b);
  };
  auto next = pruned.begin();
  for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
    const bool is_pruned = next != pruned.end() && next->index == i;
    const Workload::Entry& entry = written.entry(i);
    LACUNA_CHECK(same(entry.layer, is_pruned ? next->layer : workload.entry(i).layer) &&
                     entry.generated == (is_pruned ? std::nullopt : workload.entry(i).generated),
                 "layer '{}' is another as written", workload.layer_names()[i]);
    if (is_pruned) ++next;
  }
}

std::string table(const std::vector<Pruned>& pruned) {
  TextTable table({"layer", "weights", "not zero", "left", "left %", "magnitude left %"});
  std::uint64_t weights = 0, before = 0, after = 0;
  for (const Pruned& p : pruned) {
    table.add({p.layer.name, grouped(p.layer.weights.size()), grouped(p.before.nonzero), grouped(p.after.nonzero),
               fmt::format("{:.2f}", 100 * p.share()), fmt::format("{:.2f}", 100 * p.magnitude_left())});
    weights += p.layer.weights.size();
    before += p.before.nonzero;
    after += p.after.nonzero;
  }
  if (pruned.size() > 1)
    table.add({"total", grouped(weights), grouped(before), grouped(after),
               fmt::format("{:.2f}", 100 * static_cast<double>(after) / static_cast<double>(weights)), ""});
  return table.text();
}

}  // namespace

std::string prune(const PruneOptions& options) {
  const Criterion criterion = read_criterion(options);
  if (options.workload.empty()) fail(Place{"WORKLOAD"}, "the name is empty");
  if (options.output.empty()) fail(Place{"--output"}, "the name is empty");
  check_is_workload(options.workload);
  const fs::path folder = folder_of(options.workload);
  const Workload workload = Workload::open(options.workload);
  std::vector<std::size_t> chosen = chosen_layers(workload, options.layers);
  check_target_folder(
      options.output, [](const fs::path& path) { return is_written_by(kCommand, path); }, "workload of lacuna prune");
  std::error_code error;
  if (fs::equivalent(folder, options.output, error))
    fail(Place{options.output}, "is the workload that is pruned; give another folder");

  const std::string recording = recording_of(folder);
  const auto without = layers_without_weights(recording, folder);
  std::string kept;
  std::erase_if(chosen, [&](std::size_t index) {
    const std::string& name = workload.layer_names()[index];
    if (std::ranges::find(without, name) == without.end()) return false;
    if (!options.layers.empty()) fail(Place{"--layers"}, "the weights of '{}' are activations; nothing to prune", name);
    kept += fmt::format("{} stays as it is: its weights are activations\n", name);
    return true;
  });
  if (chosen.empty()) fail(Place{options.workload}, "has no layer with weights to prune");

  const auto pruned = prune_layers(workload, chosen, criterion);
  auto files = files_of(workload, pruned, criterion);
  if (!recording.empty()) files[std::string(kRecording)] = recording;
  write_workload_folder(options.output, files, [&](const fs::path& path) { check_written(path, workload, pruned); });
  return fmt::format("{}: {} pruned by magnitude to {}, without fine-tuning\n\n{}\n{}{}\n", workload.name(),
                     counted(pruned.size(), workload.layer_names().size()), criterion.text(), table(pruned), kept,
                     (fs::path(options.output) / "workload.yaml").string());
}

}  // namespace lacuna
