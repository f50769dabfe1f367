// What would it gain? Every layer again on machines that lack one limit each. README.md says what is run, what is a
// bound, and what none of it says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "machine/counts.h"
#include "machine/engine.h"

namespace lacuna {

/// How the cycles of a row are known.
enum class Evidence { Run, AtMost, Share };

template <>
struct EnumNames<Evidence> {
  static constexpr std::array<std::string_view, 3> names = {"run", "at_most", "share"};
};

/// A sentence on each kind of evidence, by Evidence.
constexpr std::array<std::string_view, enum_count<Evidence>()> kEvidenceSentences = {
    "exact: these cycles come true with the settings", "a ceiling, from counts: no machine with this work wins more",
    "PE-cycles of a class, spread over all PEs: no promise"};

/// Cycles of the layers with a limit lifted.
struct Finding {
  std::string limit, sentence;  ///< "dram_latency", "the latency of DRAM"
  Evidence evidence = Evidence::Run;
  bool combined = false;              ///< several limits at once
  std::vector<std::string> settings;  ///< of a run: assignments, as of --set, each of which changes something
  std::vector<std::uint64_t> cycles;  ///< [layer]
};

/// The nearest change of a limit's parameters that wins half of what lifting it wins.
struct Change {
  std::size_t finding = 0;            ///< its place among the findings
  std::vector<std::string> settings;  ///< assignments, as of --set
  std::vector<std::uint64_t> cycles;  ///< [layer]
};

struct Explanation {
  std::vector<std::string> layers;
  std::vector<std::uint64_t> cycles;  ///< [layer] of the machine as it is
  Counters<PeClass> pe_cycles;        ///< of all layers, of the machine as it is
  std::vector<Finding> findings;      ///< limits of memory, all of them, the family's, bounds and shares
  std::optional<Change> cheapest;     ///< none if no single limit wins a cycle
};

/// Layers that are loaded when they are needed.
struct LayerSource {
  std::vector<std::string> names;
  std::vector<std::uint64_t> work;         ///< [layer] in no unit: what takes longer has more; decides no number
  std::function<Layer(std::size_t)> load;  ///< may be called for several layers at once
};

/// Times all layers with and without limits on up to `threads` threads. `begins` is called when work on a layer begins,
/// from any thread. The engine must run layers at once. UserError if a layer cannot run on `machine`.
Explanation explain(Engine& engine, const Machine& machine, const LayerSource& layers, unsigned threads,
                    const std::function<void(std::size_t layer)>& begins);

/// All layers together.
[[nodiscard]] std::uint64_t total(const std::vector<std::uint64_t>& cycles);
/// Cycles won in all layers together; negative if the lifted machine is slower.
[[nodiscard]] std::int64_t won(const Explanation& explanation, const std::vector<std::uint64_t>& cycles);

}  // namespace lacuna
