// What a compiled model shows to the program: a table of plain functions and records, the same for every configuration.
// The only thing that crosses between the program and the shared objects in the model cache.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

/// One port of the array: its bits, least significant first, `bytes` of storage.
struct LacunaPort {
  const char* name;
  void* data;
  std::size_t bytes;
};

/// A width the array's probe told.
struct LacunaWidth {
  const char* name;
  std::uint32_t bits;
};

/// Flags of LacunaPeRecord; the order is that of probe_pkg::pe_flags_t.
enum LacunaPeFlag : std::uint32_t {
  kPeMultiplied = 1u << 0,
  kPeKilled = 1u << 1,
  kPeIssue = 1u << 2,
  kPeOpen = 1u << 3,
  kPeBlocked = 1u << 4,
  kPeStopped = 1u << 5,
  kPeBetweenTiles = 1u << 6,
  kPeDiscard = 1u << 7,
  kPeNoWeight = 1u << 8,
  kPeNoActivation = 1u << 9,
  kPeStop = 1u << 10,
  kPeRetire = 1u << 11,
};

/// What a PE did in the latest cycle. Units: positions; `sum` is the accumulator, sign-extended.
struct LacunaPeRecord {
  std::uint32_t flags;
  std::uint32_t slots;     ///< of the pair at the FIFO heads
  std::uint32_t left;      ///< of that pair after the cycle
  std::uint32_t executed;  ///< of the group in the MAC stage
  std::uint32_t wasted;
  std::uint32_t unmultiplied;  ///< gated, or all slots of a killed group
  std::int64_t sum;            ///< with that group
  std::int64_t retired;        ///< the complete sum that moves to the result register
};

/// What a feeder did in the latest cycle.
struct LacunaFeederRecord {
  std::uint32_t activity;  ///< 0 no tile, 1 sending, 2 waiting for room, 3 waiting for its block
  std::uint32_t complete;  ///< a message or an end token arrived
  std::uint32_t bytes;     ///< of the message, 0 of an end token
  std::uint32_t group[8];  ///< the PEs it is for
};

/// Whether a drain bus took a result in the latest cycle, and of which row.
struct LacunaDrainRecord {
  std::uint32_t taken;
  std::uint32_t row;
};

/// The probes of one kind, in the order in which they registered: their paths in the hierarchy and their records.
struct LacunaPeProbes {
  std::size_t count;
  const char* const* paths;
  const LacunaPeRecord* records;
};
struct LacunaFeederProbes {
  std::size_t count;
  const char* const* paths;
  const LacunaFeederRecord* records;
};
struct LacunaDrainProbes {
  std::size_t count;
  const char* const* paths;
  const LacunaDrainRecord* records;
};

struct LacunaModel;

/// The table. Every function but `create` takes what `create` returned; a model belongs to one thread at a time.
struct LacunaModelApi {
  std::uint32_t version;
  LacunaModel* (*create)();
  void (*destroy)(LacunaModel*);
  std::size_t (*ports)(LacunaModel*, const LacunaPort**);
  std::size_t (*widths)(LacunaModel*, const LacunaWidth**);
  LacunaPeProbes (*pe_probes)(LacunaModel*);
  LacunaFeederProbes (*feeder_probes)(LacunaModel*);
  LacunaDrainProbes (*drain_probes)(LacunaModel*);
  /// Settles the logic behind the ports while the clock is low.
  void (*settle)(LacunaModel*);
  /// One rising edge of the clock: records tell what happened in the cycle that ends with it.
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

constexpr std::uint32_t kLacunaModelVersion = 2;
