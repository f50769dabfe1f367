// What a family of machines is to the rest of the program: everything outside a family's folder asks here and nowhere
// else. families() is the list; datapaths/families.def names its members.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "machine/actions.h"
#include "machine/config.h"
#include "machine/draw.h"
#include "machine/engine.h"
#include "machine/limit.h"
#include "machine/moved_keys.h"
#include "machine/outcome.h"
#include "machine/record.h"
#include "workload/layer.h"

namespace lacuna {

/// A part that area is counted in.
struct PartInfo {
  std::string_view name;  ///< "multiplier"; two families that use a name mean the same by it
  std::string_view unit;  ///< what is counted, in the singular: "multiplier", "bit", "byte"
};

/// Words of one kind that a family has, with a sentence each.
struct WordList {
  std::string_view name;  ///< "skip_rules"
  std::vector<std::pair<std::string_view, std::string_view>> words;
};

/// How large an array a random machine may have: Small ones whose RTL compiles in seconds; Any also now and then large.
enum class ArraySize : std::uint8_t { Small, Any };

class Family {
 public:
  Family() = default;
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  virtual ~Family() = default;

  /// The word of `array.datapath`, and the name of the family's section.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// One line for lists and the manual.
  [[nodiscard]] virtual std::string_view sentence() const = 0;
  /// The family's parameters at their defaults.
  [[nodiscard]] virtual std::unique_ptr<FamilySection> section() const = 0;
  /// The family's parameters that had other names in earlier versions.
  [[nodiscard]] virtual std::span<const MovedKey> moved_keys() const { return {}; }

  /// What `lacuna list` shows of this family beside what every family has.
  [[nodiscard]] virtual std::vector<WordList> word_lists() const { return {}; }

  /// In the order of reports.
  [[nodiscard]] virtual const ActionList& actions() const = 0;
  [[nodiscard]] virtual const Vocabulary& vocabulary() const = 0;
  /// Pairs that a PE multiplies in a cycle at best.
  [[nodiscard]] virtual double pairs_per_cycle(const Machine& machine) const = 0;
  /// Assignments, as of --set, that turn a machine of this family into the one beside it that skips nothing:
  /// what reports compare with. Empty if the family never skips.
  [[nodiscard]] virtual std::span<const std::string_view> dense_settings() const { return {}; }
  /// What bounds the speed of `machine`, beside what bounds every machine (explain/limits.h): each has assignments that
  /// `machine` can be given. One that changes nothing is no limit of this machine.
  [[nodiscard]] virtual std::vector<Limit> limits(const Machine& /*machine*/) const { return {}; }
  /// Whether sums may stop before their last pair, so that later stops lawfully change what comes after.
  [[nodiscard]] virtual bool stops_early(const Machine& machine) const = 0;
  /// Whether outputs of `layer` are zero on `machine` where the layer's prediction says so.
  [[nodiscard]] virtual bool predicts(const Machine& /*machine*/, const Layer& /*layer*/) const { return false; }

  /// The parts that areas of this family are made of, in the order of reports.
  [[nodiscard]] virtual std::span<const PartInfo> parts() const = 0;
  /// How many units of each part `machine` has, in the order of parts().
  [[nodiscard]] virtual std::vector<double> count_parts(const Machine& machine) const = 0;

  /// UserError, at the name of a parameter, if `layer` cannot run on `machine`. Cheap where any layer fits.
  virtual void check_runs(const Machine& machine, const Layer& layer) const = 0;
  /// How much work the fast engine has with so many dense pairs, in no unit: orders points of a sweep.
  [[nodiscard]] virtual double work(const Machine& machine, std::uint64_t dense_pairs) const = 0;

  /// Sets the actions that follow from cycles, pairs and PE-cycles of an outcome.
  virtual void derive_actions(LayerOutcome& outcome, const Machine& machine) const = 0;
  /// Throws Bug if a law of this family is broken; those of all families are checked before.
  virtual void check_laws(const LayerOutcome& outcome, const Machine& machine) const = 0;

  /// Draws rows, columns, operand and the family's parameters, corners weighted: what decides a model of the RTL.
  virtual void draw_array(Draw& draw, Machine& machine, ArraySize size) const = 0;
  /// Draws the family's parameters that no model of the RTL depends on.
  virtual void draw_schedule(Draw& draw, Machine& machine) const = 0;

  /// The engines that this family has: all three, before it joins the list of the program.
  [[nodiscard]] virtual std::span<const EngineKind> engines() const;
  /// One of them.
  [[nodiscard]] virtual std::unique_ptr<Engine> engine(EngineKind kind, const EngineOptions& options) const = 0;
};

/// All families of the program, in the order of datapaths/families.def.
std::span<const Family* const> families();

/// The family of a machine's `datapath()`.
const Family& family(Datapath datapath);
inline const Family& family(const Machine& machine) { return family(machine.datapath()); }
/// The names of all families, in order: the words of `array.datapath`.
std::vector<std::string_view> datapath_words();
/// The datapath called `name`, or UserError at `place`.
Datapath datapath_called(std::string_view name, const Place& place);
/// The datapath of a family in the list.
Datapath datapath_of(const Family& family);

}  // namespace lacuna
