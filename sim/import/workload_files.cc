#include "import/workload_files.h"

#include <algorithm>
#include <numeric>

#include "base/yaml.h"
#include "import/names.h"
#include "tensor/npy.h"
#include "workload/workload.h"

namespace lacuna::imports {

namespace {

constexpr std::size_t kFilesNamed = 3;  ///< in `source`

/// Text for a comment or between double quotes in YAML: one line of printable UTF-8.
std::string printable(std::string_view text, std::string_view escaped = "") {
  bool utf8 = true;
  try {
    yaml::check_text(text, "");
  } catch (const UserError&) {  // a file name may be any bytes
    utf8 = false;
  }
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8))
      out += fmt::format("\\x{:02x}", byte);
    else if (escaped.find(c) != std::string_view::npos)
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", printable(text, "\"\\")); }

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

/// "stride: 2" or "stride: [2, 1]"; "" if both are 1.
std::string steps(std::string_view key, std::uint32_t h, std::uint32_t w) {
  if (h == 1 && w == 1) return "";
  if (h == w) return fmt::format("    {}: {}\n", key, h);
  return fmt::format("    {}: [{}, {}]\n", key, h, w);
}

std::string geometry(const ImportedLayer& layer) {
  const ConvShape& s = layer.shape;
  std::string text = steps("stride", s.stride_h, s.stride_w);
  if (s.pad_top + s.pad_bottom + s.pad_left + s.pad_right > 0)
    text += fmt::format("    pad: [{}, {}, {}, {}]\n", s.pad_top, s.pad_bottom, s.pad_left, s.pad_right);
  text += steps("dilation", s.dilation_h, s.dilation_w);
  if (layer.op == Op::Conv && s.groups > 1) text += fmt::format("    groups: {}\n", s.groups);
  return text;
}

std::string shape_text(const ImportedLayer& layer) {
  const ConvShape& s = layer.shape;
  const std::string images = s.N == 1 ? "" : fmt::format("N: {}, ", s.N);
  if (layer.op == Op::Matmul) return fmt::format("{{M: {}, K: {}, N: {}}}", s.M, s.C, s.N);
  if (layer.op == Op::Fc) return fmt::format("{{{}M: {}, C: {}}}", images, s.M, s.C);
  return fmt::format("{{{}M: {}, C: {}, H: {}, W: {}, R: {}, S: {}}}", images, s.M, s.C, s.H, s.W, s.R, s.S);
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
  std::string text = fmt::format("  - name: {}\n    op: {}\n", name, name_of(layer.op));
  const bool relu = options.relu || layer.relu;
  const double input = layer.input.value_or(options.input.value_or(1));
  if (layer.tensors) {
    const auto write = [&](std::string_view key, const Tensor& tensor) {
      const std::string file = fmt::format("{}.{}.npy", name, key);
      files[file] = write_npy(tensor);
      text += fmt::format("    {}: {}\n", key, file);
    };
    const LayerTensors& t = *layer.tensors;
    write("weights", t.weights);
    write("input", t.input ? *t.input : drawn_input(layer, input, seed));
    if (t.bias) write("bias", *t.bias);
    if (t.requantise) write("requantise", *t.requantise);
  } else {
    text += fmt::format("    shape: {}\n", shape_text(layer));
  }
  text += geometry(layer);
  if (!layer.tensors) {
    const std::string output = layer.output ? fmt::format(", output: {}", *layer.output) : "";
    text += fmt::format("    density: {{weights: {}, input: {}{}}}\n",
                        layer.weights.value_or(options.weights.value_or(1)), input, output);
    if (layer.pattern != Pattern::Unstructured) text += fmt::format("    pattern: \"{}\"\n", name_of(layer.pattern));
  }
  if (relu) text += "    relu: true\n";
  if (!layer.tensors) text += fmt::format("    seed: {}\n", seed);
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
  text += fmt::format("source: {}\nlayers:\n", in_quotes(source_text(files, options)));
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
