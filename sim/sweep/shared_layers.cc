// A slot of a layer is filled under its own lock, so that two layers load at the same time and one layer loads once.
#include "sweep/shared_layers.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "workload/reference.h"

namespace lacuna {

namespace {

std::uint64_t bytes_of(const Layer& layer) {
  return layer.weights.bytes().size() + layer.input.bytes().size() + layer.bias.size() * sizeof layer.bias[0];
}

}  // namespace

std::string fingerprint(const Tensor& tensor) {
  Hasher hasher;
  hasher.add(name_of(tensor.type()));
  for (const std::size_t size : tensor.shape()) hasher.add(std::uint64_t{size});
  hasher.add(tensor.bytes());
  return hasher.hex();
}

SharedLayers::SharedLayers(const std::vector<WorkloadChoice>& choices, std::uint64_t bytes) : most_bytes_(bytes) {
  for (const auto& choice : choices) {
    Opened& opened = workloads_.emplace_back(Opened{Workload::open(choice.path), {}, {}, {}, {}});
    const auto& names = opened.workload.layer_names();
    opened.slots.resize(names.size());
    for (auto& slot : opened.slots) slot = std::make_unique<Slot>();
    std::vector<bool> wanted(names.size(), choice.layers.empty());
    for (std::size_t i = 0; i < choice.layers.size(); ++i) {
      const auto at = std::ranges::find(names, choice.layers[i]);
      if (at == names.end()) {
        const std::vector<std::string_view> legal(names.begin(), names.end());
        throw UserError(choice.layer_places[i], unknown_word("layer", choice.layers[i], legal));
      }
      const auto index = static_cast<std::size_t>(at - names.begin());
      if (wanted[index]) fail(choice.layer_places[i], "layer '{}' is named twice", choice.layers[i]);
      wanted[index] = true;
    }
    for (std::size_t i = 0; i < names.size(); ++i)
      if (wanted[i]) opened.chosen.push_back(i);
    if (opened.chosen.size() == names.size()) continue;
    for (const std::size_t index : opened.chosen)
      opened.layers_text += (opened.layers_text.empty() ? "" : ",") + names[index];
  }
}

std::shared_ptr<const Layer> SharedLayers::load(Opened& opened, std::size_t index) {
  Slot& slot = *opened.slots.at(index);
  {
    const std::lock_guard lock(mutex_);
    slot.used = ++clock_;
    if (slot.layer) return slot.layer;
  }
  auto layer = std::make_shared<const Layer>(opened.workload.load(index));
  const std::lock_guard lock(mutex_);
  slot.layer = layer;
  slot.bytes = bytes_of(*layer);
  bytes_ += slot.bytes;
  drop_unused();
  return layer;
}

void SharedLayers::drop_unused() {
  while (bytes_ > most_bytes_) {
    Slot* oldest = nullptr;
    for (auto& opened : workloads_)
      for (auto& slot : opened.slots)
        if (slot->layer && slot->layer.use_count() == 1 && (oldest == nullptr || slot->used < oldest->used))
          oldest = slot.get();
    if (oldest == nullptr) return;
    bytes_ -= oldest->bytes;
    oldest->layer.reset();
  }
}

std::shared_ptr<const Layer> SharedLayers::layer(std::size_t workload, std::size_t index) {
  Opened& opened = workloads_.at(workload);
  const std::lock_guard loading(opened.slots.at(index)->loading);
  return load(opened, index);
}

std::string SharedLayers::expected_output(std::size_t workload, std::size_t index, const Machine& machine) {
  Opened& opened = workloads_.at(workload);
  Slot& slot = *opened.slots.at(index);
  const std::pair key{accumulator_bits(machine), machine.post.threshold};
  const std::lock_guard loading(slot.loading);
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = slot.expected.find(key); at != slot.expected.end()) return at->second;
  }
  const auto layer = load(opened, index);
  std::string hash = fingerprint(reference_output(*layer, key.first, key.second));
  const std::lock_guard lock(mutex_);
  return slot.expected[key] = std::move(hash);
}

const std::vector<std::uint64_t>& SharedLayers::dense_pairs(std::size_t workload) {
  Opened& opened = workloads_.at(workload);
  if (opened.pairs.empty())
    for (const std::size_t index : opened.chosen) opened.pairs.push_back(layer(workload, index)->shape.dense_pairs());
  return opened.pairs;
}

}  // namespace lacuna
