#include "import/workload_files.h"

#include <algorithm>
#include <numeric>

#include "import/names.h"
#include "tensor/npy.h"
#include "workload/workload.h"
#include "workload/workload_text.h"

namespace lacuna::imports {

namespace {

constexpr std::size_t kFilesNamed = 3;  ///< in `source`

std::string base_name(const ImportedFile& file) { return file.path.filename().string(); }

/// "a.csv, b.csv (SCALE-Sim topology)" of files in a row of one format.
std::string files_text(const std::vector<ImportedFile>& files) {
  std::string text;
  for (std::size_t i = 0; i < std::min(files.size(), kFilesNamed); ++i)
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", base_name(files[i]), files[i].format);
  if (files.size() > kFilesNamed) text += fmt::format(" and {} more files", files.size() - kFilesNamed);
  return text;
}

struct Count {
  std::size_t given = 0, all = 0;
};

/// "1 (dense)" or "0.5, as --density says", for layers of which the files gave `count.given`.
std::string density_text(const Count& count, const std::optional<double>& option) {
  if (count.all == 0) return "";
  if (count.given == count.all) return "the files'";
  const std::string rest =
      option ? fmt::format("{}, as --density says", *option) : std::string("1 (dense), for the files say nothing");
  if (count.given == 0) return rest;
  return fmt::format("the files' for {} of {} layers, else {}", count.given, count.all, rest);
}

std::string source_text(const std::vector<ImportedFile>& files, const WriteOptions& options) {
  Count weights, input;
  std::size_t masks = 0, recorded = 0;
  for (const auto& file : files)
    for (const auto& layer : file.layers) {
      if (layer.tensors) {
        ++(layer.tensors->input ? recorded : masks);
        continue;
      }
      ++weights.all, ++input.all;
      weights.given += layer.weights.has_value();
      input.given += layer.input.has_value();
    }
  const auto layers = [](std::size_t count) { return count == 1 ? "one layer" : fmt::format("{} layers", count); };
  std::string text = fmt::format("imported from {}", files_text(files));
  if (weights.all > 0)
    text += fmt::format("; density of weights: {}; of inputs: {}; tensors are generated",
                        density_text(weights, options.weights), density_text(input, options.input));
  if (masks > 0)
    text += fmt::format("; weights of {} are the files', inputs are generated at density {}", layers(masks),
                        options.input.value_or(1));
  if (recorded > 0) text += fmt::format("; weights and inputs of {} are recorded from a run", layers(recorded));
  return text;
}

/// An input of a layer whose weights the file gives, as workload.yaml has it.
Tensor drawn_input(const ImportedLayer& layer, double density, std::uint64_t seed) {
  Layer drawn;
  drawn.op = layer.op;
  drawn.shape = layer.shape;
  GeneratedLayer parameters;
  parameters.input = density;
  parameters.seed = seed;
  generate(parameters, drawn);
  return layer.op == Op::Fc ? drawn.input.reshaped({layer.shape.N, layer.shape.C}) : drawn.input;
}

/// One layer of workload.yaml; the tensors the file gives go to `files`.
std::string layer_text(const ImportedLayer& layer, const std::string& name, std::uint64_t seed,
                       const WriteOptions& options, std::map<std::string, std::string>& files) {
  const bool relu = options.relu || layer.relu;
  const double input = layer.input.value_or(options.input.value_or(1));
  if (!layer.tensors) {
    GeneratedLayer drawn;
    drawn.weights = layer.weights.value_or(options.weights.value_or(1));
    drawn.input = input;
    drawn.output = layer.output;
    drawn.pattern = layer.pattern;
    drawn.seed = seed;
    Layer described;
    described.name = name;
    described.op = layer.op;
    described.shape = layer.shape;
    described.relu = relu;
    return generated_layer_text(described, drawn, files);
  }
  std::string text = fmt::format("  - name: {}\n    op: {}\n", name, name_of(layer.op));
  const auto file = [&](std::string_view key, const Tensor& tensor) {
    std::string its_name = fmt::format("{}.{}.npy", name, key);
    files[its_name] = write_npy(tensor);
    return its_name;
  };
  const auto write = [&](std::string_view key, const Tensor& tensor) {
    text += fmt::format("    {}: {}\n", key, file(key, tensor));
  };
  const LayerTensors& t = *layer.tensors;
  write("weights", t.weights);
  write("input", t.input ? *t.input : drawn_input(layer, input, seed));
  if (t.bias) write("bias", *t.bias);
  if (t.requantise) write("requantise", *t.requantise);
  if (t.representatives)
    text += fmt::format("    predict: {{representatives: {}, thresholds: {}}}\n",
                        file("representatives", *t.representatives), file("thresholds", *t.thresholds));
  text += geometry_text(layer.op, layer.shape);
  if (relu) text += "    relu: true\n";
  return text;
}

std::string network_name(const std::vector<ImportedFile>& files, const WriteOptions& options) {
  if (!options.network.empty()) return options.network;
  if (files.size() == 1 && !files[0].network.empty()) return files[0].network;
  if (files.size() == 1) return files[0].path.stem().string();
  return fmt::format("{} and {} more", files[0].path.stem().string(), files.size() - 1);
}

std::uint64_t products_of(const ImportedFile& file) {
  return std::accumulate(file.layers.begin(), file.layers.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const ImportedLayer& layer) { return sum + layer.dense_products; });
}

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

/// Equal notes of several layers once, with their number and the first place; in the order of their first layer.
std::string notes_of_layers(const ImportedFile& file) {
  struct Note {
    std::string_view text;
    std::size_t layers;
    int line;
  };
  std::vector<Note> notes;
  for (const auto& layer : file.layers)
    for (const std::string& text : layer.notes) {
      const auto known = std::find_if(notes.begin(), notes.end(), [&](const Note& note) { return note.text == text; });
      if (known == notes.end())
        notes.push_back({text, 1, layer.place.line});
      else
        ++known->layers;
    }
  std::string text;
  for (const Note& note : notes) {
    const std::string line = note.line > 0 ? fmt::format("line {}", note.line) : "";
    if (note.layers > 1)
      text += fmt::format("  {} layers{}{}: {}\n", note.layers, line.empty() ? "" : ", first ", line, note.text);
    else
      text += fmt::format("  {}{}{}\n", line, line.empty() ? "" : ": ", note.text);
  }
  return text;
}

}  // namespace

std::map<std::string, std::string> workload_files(const std::vector<ImportedFile>& files, const WriteOptions& options) {
  LACUNA_CHECK(!files.empty(), "an import of no file");
  std::map<std::string, std::string> written;
  std::string text = fmt::format("# Written by {}. Where layers come from stands above each.\n", options.command);
  for (const auto& file : files)
    for (const std::string& note : file.notes)
      text += fmt::format("# {}: {}\n", printable(base_name(file)), printable(note));
  text += fmt::format("network: {}\n", in_quotes(network_name(files, options)));
  text += fmt::format("source: {}\nlayers:\n",
                      in_quotes(options.source.empty() ? source_text(files, options) : options.source));
  DistinctNames names;
  std::uint64_t seed = 0;
  for (const auto& file : files)
    for (const auto& layer : file.layers) {
      const std::string name = names.add(legal_name(layer.name));
      const std::string line = layer.place.line > 0 ? fmt::format(":{}", layer.place.line) : "";
      text += fmt::format("  # {}{}{}\n", printable(base_name(file)), line,
                          name == layer.name ? "" : fmt::format(", '{}' there", printable(layer.name)));
      for (const std::string& note : layer.notes) text += fmt::format("  # {}\n", printable(note));
      text += layer_text(layer, name, ++seed, options, written);
    }
  written["workload.yaml"] = std::move(text);
  for (const auto& file : files)
    if (!file.recording.empty()) written["recording.json"] = file.recording;
  return written;
}

std::string import_summary(const std::vector<ImportedFile>& files) {
  std::string text;
  DistinctNames names;
  std::size_t layers = 0, renamed = 0;
  std::uint64_t products = 0;
  for (const auto& file : files) {
    text += fmt::format("{}: {}, {}, {} dense products\n", printable(file.path.string()), file.format,
                        counted(file.layers.size(), "layer"), products_of(file));
    for (const std::string& note : file.notes) text += fmt::format("  {}\n", printable(note));
    text += notes_of_layers(file);
    layers += file.layers.size();
    products += products_of(file);
    for (const auto& layer : file.layers) renamed += names.add(legal_name(layer.name)) != layer.name;
  }
  if (renamed > 0)
    text += fmt::format("{} made legal or distinct; workload.yaml has the originals\n",
                        renamed == 1 ? std::string("one name is") : fmt::format("{} names are", renamed));
  return text + fmt::format("total: {}, {} dense products\n", counted(layers, "layer"), products);
}

void check_written(const std::filesystem::path& path, const std::vector<ImportedFile>& files) {
  const Workload workload = [&] {
    try {
      return Workload::open(path);
    } catch (const UserError& error) {  // what was imported is ours
      throw Bug(fmt::format("what was imported is no workload: {}", error.what()));
    }
  }();
  std::size_t i = 0;
  for (const auto& file : files)
    for (const auto& layer : file.layers) {
      LACUNA_CHECK(i < workload.layer_names().size(), "{} layers were written", i);
      const ConvShape& shape = workload.shape(i);
      LACUNA_CHECK(shape == layer.shape && shape.dense_pairs() == layer.dense_products,
                   "layer '{}' of {} has {} dense products as written, {} in its file", workload.layer_names()[i],
                   layer.place.text(), shape.dense_pairs(), layer.dense_products);
      ++i;
    }
  LACUNA_CHECK(i == workload.layer_names().size(), "{} layers were written of {}", workload.layer_names().size(), i);
}

}  // namespace lacuna::imports
