// The compiled top module behind the table of abi.h. Built with each model in the cache, never with the program. Its
// ports are named by the family's ports.def.
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vmodel.h"
#include "Vmodel__Dpi.h"
#include "abi.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
#endif

struct LacunaModel {
  VerilatedContext context;
  const bool scrambled = scramble(context);  // before the model is made
  Vmodel top{&context, "top"};
  std::deque<std::string> texts;  ///< kinds, paths and names, at fixed addresses
  std::vector<LacunaProbe> probes;
  std::vector<std::array<std::uint32_t, kLacunaReportWords>> reports;  ///< of each probe; at fixed addresses once made
  std::vector<LacunaWidth> widths;
  std::vector<LacunaPort> ports;
  std::string printed;
  bool failed = false;
#if VM_TRACE_FST
  VerilatedFstC waves;
#endif

  const char* keep(const char* text) { return texts.emplace_back(text).c_str(); }

 private:
  /// Registers that no reset sets start with arbitrary bits, the same in every run.
  static bool scramble(VerilatedContext& context) {
    constexpr int kRandomBits = 2, kSeed = 7;
    context.randReset(kRandomBits);
    context.randSeed(kSeed);
    return true;
  }
};

namespace {

/// The model that is evaluated by this thread: what probes report to.
thread_local LacunaModel* current = nullptr;

void fail(const char* file, int line, const char* what) {
  if (!current) return;
  current->failed = true;
  lacuna_model_print("%s:%d: %s\n", file ? file : "", line, what);
}

/// The model cannot go on: thrown through Verilator's library, which would try again for ever.
struct GivenUp {};

void evaluate(LacunaModel* model, bool clock) {
  current = model;
  model->top.clk_i = clock;
  try {
    model->top.eval();
  } catch (const GivenUp&) {
    // error() says why.
  }
}

void settle(LacunaModel* model) { evaluate(model, false); }
void edge(LacunaModel* model) { evaluate(model, true); }

#if VM_TRACE_FST
bool open_waves(LacunaModel* model, const char* path) {
  model->waves.open(path);
  return model->waves.isOpen();
}
void dump_waves(LacunaModel* model, std::uint64_t time) { model->waves.dump(time); }
void close_waves(LacunaModel* model) { model->waves.close(); }
#else
bool open_waves(LacunaModel*, const char*) { return false; }
void dump_waves(LacunaModel*, std::uint64_t) {}
void close_waves(LacunaModel*) {}
#endif

LacunaModel* create() {
  auto* model = new LacunaModel;
  current = model;
#if VM_TRACE_FST
  // The wave file must know all signals before anything is evaluated.
  model->context.traceEverOn(true);
  constexpr int kAllLevels = 99;
  model->top.trace(&model->waves, kAllLevels);
#endif
  auto& top = model->top;
#define LACUNA_PORT(name) model->ports.push_back({#name, &top.name, sizeof top.name});
#include "ports.def"
#undef LACUNA_PORT
  for (const LacunaPort& port : model->ports) std::memset(port.data, 0, port.bytes);  // until they are first driven
  settle(model);  // runs what is initial: probes register
  for (std::size_t i = 0; i < model->probes.size(); ++i) model->probes[i].report = model->reports[i].data();
  return model;
}

const LacunaModelApi api = {
    .version = kLacunaModelVersion,
    .create = create,
    .destroy = [](LacunaModel* model) { delete model; },
    .ports =
        [](LacunaModel* model, const LacunaPort** ports) {
          *ports = model->ports.data();
          return model->ports.size();
        },
    .widths =
        [](LacunaModel* model, const LacunaWidth** widths) {
          *widths = model->widths.data();
          return model->widths.size();
        },
    .probes =
        [](LacunaModel* model, const LacunaProbe** probes) {
          *probes = model->probes.data();
          return model->probes.size();
        },
    .settle = settle,
    .edge = edge,
    .open_waves = open_waves,
    .dump_waves = dump_waves,
    .close_waves = close_waves,
    .error = [](LacunaModel* model) { return model->failed ? model->printed.c_str() : nullptr; },
};

}  // namespace

// What the probes call (rtl/common/probe/probe_pkg.sv).

int lacuna_probe(const char* kind, const char* path) {
  current->reports.emplace_back();
  current->probes.push_back({current->keep(kind), current->keep(path), nullptr});
  return static_cast<int>(current->probes.size()) - 1;
}

void lacuna_probe_report(int id, const svBitVecVal* report) {
  std::memcpy(current->reports[static_cast<std::size_t>(id)].data(), report, sizeof current->reports[0]);
}

void lacuna_probe_width(const char* name, unsigned int bits) { current->widths.push_back({current->keep(name), bits}); }

// What Verilator's library calls (hooks.h).

int lacuna_model_print(const char* format, ...) {
  constexpr std::size_t kEnough = 16384;
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (current && current->printed.size() < kEnough) current->printed += text;
  return length;
}

void vl_finish(const char* file, int line, const char*) { fail(file, line, "$finish"); }
void vl_stop(const char* file, int line, const char*) { fail(file, line, "$stop"); }
void vl_fatal(const char* file, int line, const char*, const char* message) {
  fail(file, line, message);
  throw GivenUp{};
}

__attribute__((visibility("default"))) const LacunaModelApi* lacuna_model_api() { return &api; }
