#include "cli/import.h"

#include <charconv>
#include <cmath>

#include "cli/result_folder.h"
#include "cli/workload_folder.h"
#include "import/import.h"
#include "import/text_lines.h"
#include "import/workload_files.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

/// "weights=0.5", "input=0.6"
void read_densities(const ImportOptions& options, ImportKind kind, imports::WriteOptions& write) {
  for (const std::string& assignment : options.densities) {
    const Place place{fmt::format("--density {}", assignment)};
    const std::size_t equals = assignment.find('=');
    const std::string word = assignment.substr(0, equals);
    double value = -1;
    if (equals != std::string::npos) {
      const char* end = assignment.data() + assignment.size();
      const auto read = std::from_chars(assignment.data() + equals + 1, end, value);
      if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) value = -1;
    }
    if ((word != "weights" && word != "input") || value < 0 || value > 1)
      fail(place, "need weights=D or input=D with D from 0 to 1, for example weights=0.5");
    if (kind == ImportKind::Mask && word == "weights") fail(place, "a mask says itself which weights there are");
    auto& density = word == "weights" ? write.weights : write.input;
    if (density) fail(place, "'{}' is given twice", word);
    density = value;
  }
}

/// "56x56"
void read_input_size(const std::string& text, imports::MaskOptions& mask) {
  const Place place{fmt::format("--input-size {}", text)};
  const auto sizes = imports::split_fields(text, 'x');
  if (sizes.size() != 2) fail(place, "need HEIGHTxWIDTH, for example 56x56");
  mask.height = imports::extent(sizes[0].text, "the height", place);
  mask.width = imports::extent(sizes[1].text, "the width", place);
}

/// "C=64,R=3,S=3"
void read_order(const std::vector<std::string>& axes, imports::MaskOptions& mask) {
  const Place place{fmt::format("--k-order {}", fmt::join(axes, ","))};
  std::string letters;
  for (const std::string& axis : axes) {
    if (axis.size() < 3 || axis[1] != '=' || (axis[0] != 'C' && axis[0] != 'R' && axis[0] != 'S') ||
        letters.find(axis[0]) != std::string::npos)
      fail(place, "need C, R and S once each, slowest first, for example C=64,R=3,S=3");
    letters += axis[0];
    mask.order.emplace_back(axis[0], imports::extent(std::string_view(axis).substr(2), axis.substr(0, 1), place));
  }
  if (letters.size() != 3) fail(place, "need C, R and S once each, slowest first, for example C=64,R=3,S=3");
}

imports::MaskOptions mask_options(const ImportOptions& options, ImportKind kind, const imports::WriteOptions& write) {
  imports::MaskOptions mask;
  if (kind != ImportKind::Mask && (options.images || !options.input_size.empty() || !options.k_order.empty()))
    fail(Place{"lacuna import"}, "--images, --input-size and --k-order are for masks");
  if (options.images) {
    if (*options.images < 1 || *options.images > INT32_MAX)
      fail(Place{"--images"}, "{} images; allowed 1..{}", *options.images, INT32_MAX);
    mask.images = static_cast<std::uint32_t>(*options.images);
  }
  if (!options.input_size.empty()) read_input_size(options.input_size, mask);
  if (!options.k_order.empty()) read_order(options.k_order, mask);
  mask.input = write.input.value_or(1);
  return mask;
}

imports::OnnxOptions onnx_options(const ImportOptions& options, ImportKind kind, const imports::WriteOptions& write) {
  if (kind != ImportKind::Onnx) {
    if (!options.inputs.empty()) fail(Place{"--input"}, "only a network of kind onnx is run on an input");
    return {};
  }
  if (options.files.size() != 1)
    fail(Place{"lacuna import onnx"}, "{} files; one model becomes one workload", options.files.size());
  if (options.relu) fail(Place{"--relu"}, "a model says itself where its ReLUs are");
  if (!options.inputs.empty() && (write.weights || write.input))
    fail(Place{"--density"}, "with --input the tensors are the model's own");
  return {options.inputs, write.weights.has_value()};
}

}  // namespace

std::string import_files(const ImportOptions& options) {
  const auto kind = parse_enum<ImportKind>(options.kind, Place{"lacuna import"}, "kind of file");
  if (options.output.empty()) fail(Place{"--output"}, "the name is empty");
  imports::WriteOptions write;
  write.command = fmt::format("lacuna import {}", options.kind);
  write.network = options.network;
  write.relu = options.relu;
  read_densities(options, kind, write);
  imports::ReadOptions read{mask_options(options, kind, write), onnx_options(options, kind, write)};
  check_target_folder(
      options.output, [](const fs::path& folder) { return is_written_by("lacuna import", folder); },
      "workload of lacuna import");

  std::vector<imports::ImportedFile> files;
  for (const std::string& path : options.files) {
    if (path.empty()) fail(Place{"FILE"}, "the name is empty");
    read.mask.seed = files.size() + 1;
    files.push_back(imports::read_file(kind, path, read));
  }
  write_workload_folder(options.output, imports::workload_files(files, write),
                        [&](const fs::path& path) { imports::check_written(path, files); });
  const fs::path written = fs::path(options.output) / "workload.yaml";
  return fmt::format("{}{}\n", imports::import_summary(files), written.string());
}

}  // namespace lacuna
