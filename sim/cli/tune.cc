#include "cli/tune.h"

#include <charconv>
#include <cmath>

#include "cli/progress.h"
#include "cli/result_folder.h"
#include "cli/thread_option.h"
#include "cli/tune_text.h"
#include "cli/workload_folder.h"
#include "import/workload_files.h"
#include "tune/tune.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

/// "1%" -> 0.01
double share(std::string_view option, const std::string& text) {
  const Place place{fmt::format("{} {}", option, text)};
  double value = -1;
  const char* end = text.data() + text.size() - 1;
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (!text.ends_with('%') || read.ec != std::errc() || read.ptr != end || !(value >= 0 && value <= 100))
    fail(place, "need a percentage from 0% to 100%, for example 1%");
  return value / 100;
}

void check_options(const TuneOptions& o, bool model) {
  const auto needs = [](const std::string& value, std::string_view option) {
    if (value.empty())
      fail(Place{"lacuna tune"}, "{} is not given; a model needs --input, --labels and --loss, a workload --lost",
           option);
  };
  if (o.output.empty()) fail(Place{"--output"}, "the name is empty");
  if (!model) {
    if (!o.input.empty() || !o.labels.empty() || !o.loss.empty() || o.profile || !o.test_input.empty() ||
        !o.test_labels.empty())
      fail(Place{o.file}, "is a workload: of the options for models none applies; how much may be lost says --lost");
    needs(o.lost, "--lost");
    return;
  }
  if (!o.lost.empty()) fail(Place{"--lost"}, "is for workloads; of a model --loss says how many images may be lost");
  needs(o.input, "--input");
  needs(o.labels, "--labels");
  needs(o.loss, "--loss");
  if (o.test_input.empty() != o.test_labels.empty())
    fail(Place{"--test-input"}, "need both --test-input and --test-labels");
}

tune::NetworkOptions network_options(const TuneOptions& o) {
  tune::NetworkOptions network;
  network.model = o.file;
  network.loss = share("--loss", o.loss);
  network.threads = thread_count(o.threads);
  network.images = tune::Network::read_images(o.file, o.input, o.labels);
  if (!o.test_input.empty()) network.test = tune::Network::read_images(o.file, o.test_input, o.test_labels);
  const std::size_t count = network.images.count();
  network.profiled = o.profile.value_or(count / 2), network.recorded = o.record;
  if (network.profiled < 1 || network.profiled >= count)
    fail(Place{"--profile"},
         "{} of {} images are profiled; need one at least, and one at least whose accuracy is "
         "measured",
         network.profiled, count);
  if (network.recorded < 1 || network.recorded > count - network.profiled)
    fail(Place{"--record"}, "{} images are recorded; allowed 1..{}, those that are not profiled", network.recorded,
         count - network.profiled);
  return network;
}

std::map<std::string, std::string> contents_of(const tune::Tuning& tuning, const std::string& source) {
  imports::WriteOptions write;
  write.command = "lacuna tune";
  write.source = source;
  auto contents = imports::workload_files({tuning.file}, write);
  contents["tuning.json"] = tune::tuning_json(tuning);
  return contents;
}

}  // namespace

std::string tune_file(const TuneOptions& options) {
  const bool model = options.file.ends_with(".onnx");
  check_options(options, model);
  check_target_folder(
      options.output, [](const fs::path& folder) { return is_written_by("lacuna tune", folder); },
      "workload of lacuna tune");
  TerminalProgress progress;
  const auto say = [&](const std::string& what, std::size_t part, std::size_t parts) {
    progress.say(parts > 1 ? fmt::format("{}, {} of {}", what, part + 1, parts) : what);
  };
  tune::Tuning tuning;
  std::string source;
  if (model) {
    tuning = tune::tune_network(network_options(options), say);
    source = tuning_sentence(tuning, options.file);
  } else {
    const double lost = share("--lost", options.lost);
    const unsigned threads = thread_count(options.threads);
    const Workload workload = Workload::open(options.file);
    tuning = tune::tune_workload(options.file, workload, lost, threads, say);
    source = fmt::format(
        "{}; predictions by lacuna tune, each filter loses at most {} of its positive outputs' value{}",
        workload.source(), options.lost, tuning.generated ? "; tensors were generated, and are kept as files" : "");
  }
  const auto contents = contents_of(tuning, source);
  write_workload_folder(options.output, contents,
                        [&](const fs::path& path) { imports::check_written(path, {tuning.file}); });
  return tuning_text(tuning, terminal_width()) + (fs::path(options.output) / "workload.yaml").string() + "\n";
}

}  // namespace lacuna
