// The compiled array behind the table of abi.h. Built with each model in the cache, never with the program.
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
  Vmodel top{&context, "array"};
  std::deque<std::string> texts;  ///< paths and names, at fixed addresses
  std::vector<const char*> pe_paths, feeder_paths, drain_paths;
  std::vector<LacunaPeRecord> pes;
  std::vector<LacunaFeederRecord> feeders;
  std::vector<LacunaDrainRecord> drains;
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

void settle(LacunaModel* model) {
  current = model;
  model->top.clk_i = 0;
  model->top.eval();
}

void edge(LacunaModel* model) {
  current = model;
  for (auto& drain : model->drains) drain.taken = 0;
  model->top.clk_i = 1;
  model->top.eval();
}

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
  // Signals are told to the wave file before anything is evaluated.
  model->context.traceEverOn(true);
  constexpr int kAllLevels = 99;
  model->top.trace(&model->waves, kAllLevels);
#endif
  auto& top = model->top;
#define PORT(name) model->ports.push_back({#name, &top.name, sizeof top.name});
  PORT(rst_ni)
  PORT(signed_activations_i)
  PORT(two_passes_i)
  PORT(tail_length_i)
  PORT(rescale_i)
  PORT(relu_i)
  PORT(wide_outputs_i)
  PORT(threshold_i)
  PORT(row_tile_valid_i)
  PORT(row_tile_count_i)
  PORT(row_tile_ready_o)
  PORT(row_block_valid_i)
  PORT(row_block_half_i)
  PORT(row_block_ready_o)
  PORT(row_load_valid_i)
  PORT(row_load_half_i)
  PORT(row_load_address_i)
  PORT(row_load_word_i)
  PORT(row_load_message_i)
  PORT(row_load_message_index_i)
  PORT(row_load_message_length_i)
  PORT(row_load_message_flags_i)
  PORT(column_tile_valid_i)
  PORT(column_tile_count_i)
  PORT(column_tile_ready_o)
  PORT(column_block_valid_i)
  PORT(column_block_half_i)
  PORT(column_block_ready_o)
  PORT(column_load_valid_i)
  PORT(column_load_half_i)
  PORT(column_load_address_i)
  PORT(column_load_word_i)
  PORT(column_load_message_i)
  PORT(column_load_message_index_i)
  PORT(column_load_message_length_i)
  PORT(column_load_message_flags_i)
  PORT(drain_tile_valid_i)
  PORT(drain_tile_rows_i)
  PORT(drain_tile_ready_o)
  PORT(drain_scale_valid_i)
  PORT(drain_scale_multiplier_i)
  PORT(drain_scale_shift_i)
  PORT(drain_scale_ready_o)
  PORT(value_valid_o)
  PORT(value_o)
  PORT(encoded_valid_o)
  PORT(encoded_mask_o)
  PORT(encoded_nonzeros_o)
  PORT(encoded_values_o)
#undef PORT
  for (const LacunaPort& port : model->ports)
    std::memset(port.data, 0, port.bytes);  // who drives them begins with nothing
  settle(model);                            // runs what is initial: probes register
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
    .pe_probes =
        [](LacunaModel* model) {
          return LacunaPeProbes{model->pes.size(), model->pe_paths.data(), model->pes.data()};
        },
    .feeder_probes =
        [](LacunaModel* model) {
          return LacunaFeederProbes{model->feeders.size(), model->feeder_paths.data(), model->feeders.data()};
        },
    .drain_probes =
        [](LacunaModel* model) {
          return LacunaDrainProbes{model->drains.size(), model->drain_paths.data(), model->drains.data()};
        },
    .settle = settle,
    .edge = edge,
    .open_waves = open_waves,
    .dump_waves = dump_waves,
    .close_waves = close_waves,
    .error = [](LacunaModel* model) { return model->failed ? model->printed.c_str() : nullptr; },
};

}  // namespace

// What the probes call (probe_pkg.sv).

int lacuna_probe_pe(const char* path) {
  current->pe_paths.push_back(current->keep(path));
  current->pes.emplace_back();
  return static_cast<int>(current->pes.size()) - 1;
}

int lacuna_probe_feeder(const char* path) {
  current->feeder_paths.push_back(current->keep(path));
  current->feeders.emplace_back();
  return static_cast<int>(current->feeders.size()) - 1;
}

int lacuna_probe_drain(const char* path) {
  current->drain_paths.push_back(current->keep(path));
  current->drains.emplace_back();
  return static_cast<int>(current->drains.size()) - 1;
}

void lacuna_probe_width(const char* name, unsigned int bits) { current->widths.push_back({current->keep(name), bits}); }

void lacuna_probe_pe_cycle(int id, unsigned int flags, unsigned int slots, unsigned int left, unsigned int executed,
                           unsigned int wasted, unsigned int unmultiplied, long long sum, long long retired) {
  current->pes[static_cast<std::size_t>(id)] = {flags, slots, left, executed, wasted, unmultiplied, sum, retired};
}

void lacuna_probe_feeder_cycle(int id, unsigned int activity, unsigned int complete, unsigned int bytes,
                               const svBitVecVal* group) {
  LacunaFeederRecord& record = current->feeders[static_cast<std::size_t>(id)];
  record.activity = activity;
  record.complete = complete;
  record.bytes = bytes;
  for (int word = 0; word < 8; ++word) record.group[word] = group[word];
}

void lacuna_probe_drain_cycle(int id, unsigned int row) { current->drains[static_cast<std::size_t>(id)] = {1, row}; }

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
void vl_fatal(const char* file, int line, const char*, const char* message) { fail(file, line, message); }

__attribute__((visibility("default"))) const LacunaModelApi* lacuna_model_api() { return &api; }
