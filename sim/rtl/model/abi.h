// What a compiled model shows to the program: a table of plain functions and words, the same for every machine. The
// only thing that crosses between the program and the shared objects in the model cache.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

/// One port of the top module: its bits, least significant first, `bytes` of storage.
struct LacunaPort {
  const char* name;
  void* data;
  std::size_t bytes;
};

/// A width that a probe named.
struct LacunaWidth {
  const char* name;
  std::uint32_t bits;
};

/// A probe: its kind, its path in the hierarchy, and the kLacunaReportWords words of its latest report.
struct LacunaProbe {
  const char* kind;
  const char* path;
  const std::uint32_t* report;
};

struct LacunaModel;

/// The table. Every function but `create` takes what `create` returned; a model belongs to one thread at a time. What
/// lists point to stays where it is as long as the model lives.
struct LacunaModelApi {
  std::uint32_t version;
  LacunaModel* (*create)();
  void (*destroy)(LacunaModel*);
  std::size_t (*ports)(LacunaModel*, const LacunaPort**);
  std::size_t (*widths)(LacunaModel*, const LacunaWidth**);
  std::size_t (*probes)(LacunaModel*, const LacunaProbe**);
  /// Settles the logic behind the ports while the clock is low.
  void (*settle)(LacunaModel*);
  /// One rising edge of the clock: probes report the cycle that ends with it.
  void (*edge)(LacunaModel*);
  /// Begins a wave file, in the format FST; false if this model was built without waves or the file cannot be written.
  bool (*open_waves)(LacunaModel*, const char* path);
  /// Adds the signals as they are to the wave file, at `time` in tenths of a nanosecond, later than the time before.
  void (*dump_waves)(LacunaModel*, std::uint64_t time);
  /// Ends the wave file.
  void (*close_waves)(LacunaModel*);
  /// What the model printed or complained about since it was made, or nullptr: a failed assertion, an $error.
  const char* (*error)(LacunaModel*);
};

/// The one symbol of a model.
const LacunaModelApi* lacuna_model_api();

}  // extern "C"

constexpr std::uint32_t kLacunaModelVersion = 3;
/// probe_pkg::ReportWords.
constexpr std::size_t kLacunaReportWords = 12;
