// Which positions of a chunk pair cost a slot of the match unit, as types: a struct for each line of skip_rules.def, so
// that engines are compiled for each rule. The RTL has the same table in rtl/intersect/intersect_pkg.sv.
#pragma once

#include <string_view>

#include "base/error.h"
#include "datapaths/intersect/config.h"

namespace lacuna::intersect {

/// What a line of the table says, and what follows from it.
template <SkipRule kOwn, bool kNeedsWeight, bool kNeedsActivation, bool kGatesZeros>
struct SkipRuleOf {
  static constexpr SkipRule kRule = kOwn;
  /// A zero weight never costs a slot.
  static constexpr bool kSkipsZeroWeights = kNeedsWeight;
  /// A slot with a zero is gated, not multiplied.
  static constexpr bool kGates = kGatesZeros;
  /// No slot holds a zero.
  static constexpr bool kOnlyEffectual = kNeedsWeight && kNeedsActivation;
  /// A match unit looks for slots; else positions are counted through.
  static constexpr bool kMatches = kNeedsWeight || kNeedsActivation;
  /// Those of the owned positions that cost a slot. M: Mask or NarrowMask, a bit set for a nonzero operand.
  template <typename M>
  static constexpr M slots(M owned, M weights, M activations) {
    if constexpr (kNeedsWeight) owned = owned & weights;
    if constexpr (kNeedsActivation) owned = owned & activations;
    return owned;
  }
};

#define LACUNA_SKIP_RULE(name, word, needs_weight, needs_activation, gates, sentence)     \
  struct Skip##name : SkipRuleOf<SkipRule::name, needs_weight, needs_activation, gates> { \
    static constexpr std::string_view kSentence = sentence;                               \
  };
#include "datapaths/intersect/skip_rules.def"
#undef LACUNA_SKIP_RULE

/// Calls `visit` with a value of the struct of `rule`: the one place that turns the word into the rule.
template <typename Visit>
auto with_skip_rule(SkipRule rule, Visit&& visit) {
  switch (rule) {
#define LACUNA_SKIP_RULE(name, ...) \
  case SkipRule::name:              \
    return visit(Skip##name{});
#include "datapaths/intersect/skip_rules.def"
#undef LACUNA_SKIP_RULE
  }
  throw Bug("unknown skip rule");
}

}  // namespace lacuna::intersect
