// Declares the commands to CLI11, and rewords its complaints into one line.
#include "cli/commands.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "check/compare_engines.h"
#include "cli/list.h"
#include "import/import.h"
#include "machine/config_reader.h"
#include "machine/engine.h"
#include "machine/family.h"
#include "report/compare.h"

namespace lacuna {

namespace {

template <typename Enum>
std::vector<std::string_view> words_of() {
  return {EnumNames<Enum>::names.begin(), EnumNames<Enum>::names.end()};
}

std::string described(std::string_view sentence, const std::vector<std::string_view>& words) {
  return fmt::format("{}: {}", sentence, join(words));
}

void add_layers(CLI::App& command, std::vector<std::string>& layers, const std::string& sentence) {
  command.add_option("--layers", layers, sentence)->allow_extra_args(false)->type_name("NAME,...");
}

void add_set(CLI::App& command, std::vector<std::string>& assignments, const std::string& sentence) {
  command.add_option("--set", assignments, sentence)->allow_extra_args(false)->type_name("NAME=VALUE");
}

/// An option that names a file or folder. An empty name, which would mean "not given", is refused.
void add_path(CLI::App& command, const std::string& option, std::string& path, const std::string& sentence,
              const std::string& type) {
  command.add_option(option, path, sentence)->type_name(type)->each([option](const std::string& value) {
    if (value.empty()) fail(Place{option}, "the name is empty");
  });
}

}  // namespace

Commands::Commands() : app("Cycle-accurate simulator of sparse neural-network accelerators.", "lacuna") {
  app.set_version_flag("--version", fmt::format("lacuna {}", LACUNA_VERSION), "Print the version and exit");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 success, 1 a check or gate failed, 2 the user's mistake, 3 a bug of the program, 130 stopped by "
      "Ctrl-C.");
  app.get_formatter()->column_width(28);

  run = app.add_subcommand("run", "Simulate a workload on a machine and report cycles, energy and lost cycles");
  auto& r = run_options;
  run->add_option("CONFIG", r.config, "Configuration of the machine, a YAML file")->required();
  run->add_option("WORKLOAD", r.workload, "Folder with a workload.yaml, or that file")->required();
  const auto engines = words_of<EngineKind>();
  auto* engine = run->add_option("--engine", r.engine, described("Engine", engines))->capture_default_str();
  engine->type_name("WORD");
  words[engine] = engines;
  add_layers(*run, r.layers, "Only these layers, separated by commas");
  add_set(*run, r.assignments, "Set a parameter, for example array.rows=8; may be repeated");
  auto* format = run->add_option("--format", r.format, described("Format on standard output", words_of<Format>()))
                     ->capture_default_str();
  format->type_name("WORD");
  words[format] = words_of<Format>();
  run->add_option("-o,--output", r.output, "Write result.json, result.csv, config.yaml and the outputs to this folder")
      ->type_name("DIR");
  run->add_option("--timeline", r.timeline, "Write a trace of every unit in Chrome's format")->type_name("FILE");
  run->add_option("--timeline-cycles", r.timeline_cycles, "Only these cycles of each layer, for example 1000-2000")
      ->type_name("FROM-TO");
  run->add_option("--threads", r.threads, "Threads, 1 to 1024; no number depends on them (default: all cores)")
      ->type_name("N");
  run->add_option("--sample", r.sample,
                  "Measure this share of the tiles, such as 5%, and report 95 % intervals; no outputs")
      ->type_name("SHARE");
  run->add_option("--sample-seed", r.sample_seed, "Seed that chooses the tiles")->capture_default_str()->type_name("S");
  run->add_flag("--timing-only", r.timing_only, "No output tensors; the same cycles, energy and counters")
      ->disable_flag_override();
  run->add_flag("--no-verify", r.no_verify, "Do not compare the outputs with the reference convolution")
      ->disable_flag_override();
  run->add_flag("--no-wrap", r.no_wrap, "A sum that does not fit the accumulator is an error, not a note")
      ->disable_flag_override();
  run->add_flag("--all-layers", r.all_layers, "Tables show each layer, not only the ten with the most cycles")
      ->disable_flag_override();
  run->add_flag("--no-dense", r.no_dense,
                "Do not run the machine beside this one that skips nothing, which the summary names")
      ->disable_flag_override();
  run->add_flag("--force", r.force, "Replace the result of another machine or workload, or a file that is no trace")
      ->disable_flag_override();

  add_explain();

  check = app.add_subcommand("check", "Hold two engines against each other, event by event");
  auto& c = check_options;
  check->add_option("CONFIG", c.config, "Configuration of the machine, a YAML file");
  check->add_option("WORKLOAD", c.workload, "Folder with a workload.yaml, or that file");
  check->add_option("--engines", c.engines, described("Two engines, separated by a comma", engines))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B");
  auto* compare = check->add_option("--compare", c.compare, described("What must agree", words_of<Compare>()))
                      ->capture_default_str();
  compare->type_name("WORD");
  words[compare] = words_of<Compare>();
  add_layers(*check, c.layers, "Only these layers, separated by commas");
  add_set(*check, c.assignments, "Set a parameter, for example array.rows=8; may be repeated");
  add_path(*check, "--rtl", c.rtl, "The RTL to check: an edited copy of rtl/", "DIR");
  check
      ->add_option(
          "--random", c.random,
          "Random layers on this machine, after the workload (24 if one engine is rtl, else 0); without CONFIG: random "
          "machines and layers")
      ->type_name("N");
  auto* datapath =
      check->add_option("--datapath", c.datapath,
                        described("Family of random machines without CONFIG (default: the first)", datapath_words()));
  datapath->type_name("WORD");
  words[datapath] = datapath_words();
  check->add_option("--seed", c.seed, "Seed of the first random layer, and of the stalls")
      ->capture_default_str()
      ->type_name("S");
  check
      ->add_option("--geometries", c.geometries,
                   "Random machines have this many arrays, if one engine is rtl: each is compiled")
      ->capture_default_str()
      ->type_name("N");
  check
      ->add_option("--stall", c.stall,
                   "Hold every port of the array back at random, for this share of cycles, such as 20%; random layers: "
                   "every other one 20%")
      ->type_name("P");
  add_path(*check, "--waves", c.waves, "Write the signals around a difference to this file (FST)", "FILE");
  add_path(*check, "--keep", c.keep,
           "Write a random case that fails, shrunk, as a configuration and workload to this folder", "DIR");
  check->add_flag("--no-shrink", c.no_shrink, "Do not look for a smaller random case that fails too")
      ->disable_flag_override();
  check->add_flag("--force", c.force, "Overwrite a file that holds no waves")->disable_flag_override();

  add_compare();
  add_report();

  sweep = add_sweep(app, sweep_options, words);
  merge = add_merge(app, merge_options);
  add_import();
  add_prune();
  add_tune();

  list = app.add_subcommand("list", "List what the program knows");
  auto* what = list->add_option("WHAT", list_options.what, described("What to list", list_topics()))->required();
  words[what] = list_topics();
  auto* list_datapath =
      list->add_option("--datapath", list_options.datapath,
                       described("Only this family, of manual, parameters, actions and events", datapath_words()));
  list_datapath->type_name("WORD");
  words[list_datapath] = datapath_words();
  auto* list_format = list->add_option("--format", list_options.format, described("Format", words_of<ListFormat>()))
                          ->capture_default_str();
  list_format->type_name("WORD");
  words[list_format] = words_of<ListFormat>();

  completion =
      app.add_subcommand("completion", "Print a completion script, for example: source <(lacuna completion bash)");
  auto* shell =
      completion->add_option("SHELL", completion_options.shell, described("Shell", words_of<Shell>()))->required();
  words[shell] = words_of<Shell>();
  add_made_words();
}

void Commands::add_explain() {
  explain = app.add_subcommand("explain", "What would it gain? Every layer again with one limit of the machine lifted");
  auto& o = explain_options;
  explain->add_option("CONFIG", o.config, "Configuration of the machine, a YAML file")->required();
  explain->add_option("WORKLOAD", o.workload, "Folder with a workload.yaml, or that file")->required();
  add_layers(*explain, o.layers, "Only these layers, separated by commas");
  add_set(*explain, o.assignments, "Set a parameter, for example array.rows=8; may be repeated");
  auto* format = explain->add_option("--format", o.format, described("Format on standard output", words_of<Format>()))
                     ->capture_default_str();
  format->type_name("WORD");
  words[format] = words_of<Format>();
  explain->add_option("-o,--output", o.output, "Write the explanation as JSON, which lacuna report takes")
      ->type_name("FILE");
  explain->add_option("--threads", o.threads, "Threads, 1 to 1024; no number depends on them (default: all cores)")
      ->type_name("N");
  explain->add_flag("--force", o.force, "Overwrite a file that is no explanation")->disable_flag_override();
}

void Commands::add_compare() {
  compare = app.add_subcommand("compare", "Two results side by side; with --fail-above a gate for CI");
  auto& o = compare_options;
  compare->add_option("BASE", o.base, "A result folder of lacuna run -o, its result.json, or a store of lacuna sweep")
      ->required();
  compare->add_option("NEW", o.now, "The result or store to hold against it")->required();
  auto* compare_format =
      compare->add_option("--format", o.format, described("Format on standard output", words_of<CompareFormat>()))
          ->capture_default_str();
  compare_format->type_name("WORD");
  words[compare_format] = words_of<CompareFormat>();
  compare
      ->add_option("--fail-above", o.fail_above,
                   "Exit status 1 if a figure of NEW exceeds BASE by more, for example 1%")
      ->type_name("PERCENT");
  auto* fail_on = compare
                      ->add_option("--fail-on", o.fail_on,
                                   described("What the gate looks at, separated by commas; all if not given",
                                             words_of<GateFigure>()))
                      ->delimiter(',')
                      ->allow_extra_args(false);
  fail_on->type_name("WORD,...");
  words[fail_on] = words_of<GateFigure>();
  compare->add_flag("--each-layer", o.each_layer, "The gate looks at every layer, not only at their sum")
      ->disable_flag_override();
  compare->add_flag("--other-workload", o.other_workload, "Compare layers of the same name though the workloads differ")
      ->disable_flag_override();
  add_path(*compare, "--rtl", o.rtl,
           "Instead: model, RTL and this edited copy of rtl/ side by side; BASE is then a CONFIG, NEW a WORKLOAD",
           "DIR");
  add_layers(*compare, o.layers, "With --rtl: only these layers, separated by commas");
  add_set(*compare, o.assignments, "With --rtl: set a parameter; may be repeated");
  compare->add_flag("--no-area", o.no_area, "With --rtl: leave area and longest path out")->disable_flag_override();
}

void Commands::add_report() {
  report = app.add_subcommand("report", "Results as one HTML page with plots; it needs no other file and no network");
  auto& o = report_options;
  report
      ->add_option(
          "RESULT", o.results,
          "Result folders of lacuna run -o, their result.json, stores of lacuna sweep, files of lacuna explain -o")
      ->required();
  report->add_option("-o,--output", o.output, "The page to write")->required()->type_name("FILE");
  report->add_flag("--force", o.force, "Overwrite a file that is no report")->disable_flag_override();
}

void Commands::add_import() {
  import = app.add_subcommand("import", "Make a workload of an ONNX model, of other tools' layer tables, or of masks");
  auto& o = import_options;
  auto* kind = import->add_option("KIND", o.kind, described("What the files are", words_of<ImportKind>()))->required();
  words[kind] = words_of<ImportKind>();
  import->add_option("FILE", o.files, "The files; their layers become one workload, in this order")->required();
  import->add_option("-o,--output", o.output, "The folder to write: workload.yaml, and tensors of models and masks")
      ->required()
      ->type_name("DIR");
  import->add_option("--network", o.network, "Name of the network (default: the file's)")->type_name("NAME");
  import
      ->add_option("--density", o.densities,
                   "Densities where the files give none (default: 1), for example weights=0.5,input=0.6")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME=D,...");
  import->add_flag("--relu", o.relu, "Every layer ends in ReLU; the files do not say")->disable_flag_override();
  import
      ->add_option("--input", o.inputs,
                   "With onnx: run the network on this .npy or .pb file; NAME=FILE for each of several inputs")
      ->allow_extra_args(false)
      ->type_name("[NAME=]FILE");
  import->add_option("--images", o.images, "With mask: images of the layer's input (default: 1)")->type_name("N");
  import->add_option("--input-size", o.input_size, "With mask: input of a convolution, for example 56x56")
      ->type_name("HxW");
  import
      ->add_option("--k-order", o.k_order,
                   "With mask: what the columns of a convolution's matrix run over, slowest first: C=64,R=3,S=3")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("AXIS=SIZE,...");
}

void Commands::add_prune() {
  prune = app.add_subcommand("prune", "Make a workload of which the smallest weights are zero, without fine-tuning");
  auto& o = prune_options;
  prune->add_option("WORKLOAD", o.workload, "Folder with a workload.yaml, or that file")->required();
  prune->add_option("--pattern", o.pattern, "Keep the N largest of each M weights along the reduction, M up to 64")
      ->type_name("N:M");
  prune
      ->add_option("--density", o.density, "Instead: keep this share of each layer's weights, the largest, such as 0.3")
      ->type_name("D");
  prune->add_flag("--global", o.global, "With --density: of all layers together, each measured by its mean magnitude")
      ->disable_flag_override();
  add_layers(*prune, o.layers, "Only these layers, separated by commas; the others stay as they are");
  prune->add_option("-o,--output", o.output, "The folder to write: workload.yaml and its tensors")
      ->required()
      ->type_name("DIR");
}

void Commands::add_tune() {
  tune = app.add_subcommand("tune", "Choose which filters predict zeros early, and write the workload that does");
  auto& o = tune_options;
  tune->add_option("FILE", o.file, "An ONNX model, or a workload: a folder with a workload.yaml, or that file")
      ->required();
  tune->add_option("-o,--output", o.output, "The folder to write: a workload, and tuning.json with all counts")
      ->required()
      ->type_name("DIR");
  tune->add_option("--input", o.input, "Of a model: images, a .npy file")->type_name("FILE");
  tune->add_option("--labels", o.labels, "Of a model: the class of each image, from 0, a .npy file")->type_name("FILE");
  tune->add_option("--loss", o.loss,
                   "Of a model: images that may be lost, of 100 whose accuracy is measured, such as 1%")
      ->type_name("SHARE");
  tune->add_option("--profile", o.profile,
                   "Of a model: the first N images are profiled, accuracy is measured on the others (default: half)")
      ->type_name("N");
  tune->add_option("--record", o.record, "Of a model: images the workload holds, the first that are not profiled")
      ->capture_default_str()
      ->type_name("N");
  tune->add_option("--test-input", o.test_input,
                   "Of a model: images that decide nothing; accuracy on them is printed too")
      ->type_name("FILE");
  tune->add_option("--test-labels", o.test_labels, "Their classes")->type_name("FILE");
  tune->add_option("--lost", o.lost, "Of a workload: what each filter may lose of its positive outputs, such as 1%")
      ->type_name("SHARE");
  tune->add_option("--threads", o.threads, "Threads, 1 to 1024; no number depends on them (default: all cores)")
      ->type_name("N");
}

void Commands::add_made_words() {
  std::vector<std::string> assignments, pairs;
  for (const auto& parameter : all_parameters()) {
    if (parameter.words.empty()) assignments.push_back(parameter.name + "=");
    for (const auto word : parameter.words) assignments.push_back(fmt::format("{}={}", parameter.name, word));
  }
  for (const auto a : words_of<EngineKind>())
    for (const auto b : words_of<EngineKind>())
      if (a != b) pairs.push_back(fmt::format("{},{}", a, b));
  made_words_ = assignments;
  made_words_.insert(made_words_.end(), pairs.begin(), pairs.end());
  const std::vector<std::string_view> all(made_words_.begin(), made_words_.end());
  const auto split = all.begin() + static_cast<std::ptrdiff_t>(assignments.size());
  for (const CLI::App* command : app.get_subcommands({}))
    for (const CLI::Option* option : command->get_options()) {
      if (option->check_lname("set")) words[option] = {all.begin(), split};
      if (option->check_lname("engines")) words[option] = {split, all.end()};
    }
}

std::string Commands::reworded(const CLI::ParseError& error) const {
  const auto chosen = app.get_subcommands();
  const CLI::App& current = chosen.empty() ? app : *chosen.front();
  const std::string help = fmt::format("see {} --help", chosen.empty() ? "lacuna" : "lacuna " + current.get_name());
  for (const CLI::Option* option : current.get_options())  // --set array.rows 8
    if (option->check_lname("set"))
      for (const auto& assignment : option->results())
        if (assignment.find('=') == std::string::npos)
          return fmt::format("--set {}: need NAME=VALUE, for example array.rows=8", assignment);
  const auto extras = app.remaining(true);
  if (!extras.empty()) {
    // What was typed but belongs nowhere: a misspelt option or command, or one word too many.
    const std::string word = extras.front().substr(0, extras.front().find('='));
    std::vector<std::string> legal;
    const bool is_option = word.starts_with('-');
    if (is_option) {
      for (const CLI::Option* option : current.get_options())
        for (const auto& name : option->get_lnames()) legal.push_back("--" + name);
    } else if (chosen.empty()) {
      for (const CLI::App* command : app.get_subcommands({})) legal.push_back(command->get_name());
    } else {
      return fmt::format("lacuna {}: '{}' is one argument too many; {}", current.get_name(), word, help);
    }
    const std::vector<std::string_view> views(legal.begin(), legal.end());
    return fmt::format("lacuna: {}", unknown_word(is_option ? "option" : "command", word, views));
  }
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return fmt::format("lacuna: {}; {}", text, help);
}

}  // namespace lacuna
