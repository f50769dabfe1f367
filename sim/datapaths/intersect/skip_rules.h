// Which positions of a chunk pair cost a slot of the match unit: one small rule a struct, and the list of them all.
// kSkipsZeroWeights: a zero weight never costs a slot. kGates: a slot with a zero is gated, not multiplied.
// kOnlyEffectual: no slot holds a zero. kMatches: a match unit looks for slots; else positions are counted through. The
// RTL has a twin of the same name for each. M is Mask or NarrowMask.
#pragma once

#include <string_view>

#include "base/error.h"
#include "machine/config.h"
#include "sparse/mask.h"

namespace lacuna::intersect {

/// Dense: every position costs a slot, zeros are multiplied.
struct SkipNone {
  static constexpr SkipRule kRule = SkipRule::None;
  static constexpr std::string_view kSentence = "every position costs a slot and is multiplied";
  static constexpr bool kSkipsZeroWeights = false;
  static constexpr bool kGates = false;
  static constexpr bool kOnlyEffectual = false;
  static constexpr bool kMatches = false;
  template <typename M>
  static constexpr M slots(M owned, M /*weights*/, M /*activations*/) {
    return owned;
  }
};

/// Zero gating: every position costs a slot, the multiplier does not toggle for a zero.
struct SkipGate {
  static constexpr SkipRule kRule = SkipRule::Gate;
  static constexpr std::string_view kSentence = "every position costs a slot; the multiplier is gated on a zero";
  static constexpr bool kSkipsZeroWeights = false;
  static constexpr bool kGates = true;
  static constexpr bool kOnlyEffectual = false;
  static constexpr bool kMatches = false;
  template <typename M>
  static constexpr M slots(M owned, M /*weights*/, M /*activations*/) {
    return owned;
  }
};

/// One-sided skipping by activations: a slot for each nonzero activation.
struct SkipActivations {
  static constexpr SkipRule kRule = SkipRule::Activations;
  static constexpr std::string_view kSentence = "positions with a nonzero activation cost a slot";
  static constexpr bool kSkipsZeroWeights = false;
  static constexpr bool kGates = false;
  static constexpr bool kOnlyEffectual = false;
  static constexpr bool kMatches = true;
  template <typename M>
  static constexpr M slots(M owned, M /*weights*/, M activations) {
    return owned & activations;
  }
};

/// One-sided skipping by weights: a slot for each nonzero weight.
struct SkipWeights {
  static constexpr SkipRule kRule = SkipRule::Weights;
  static constexpr std::string_view kSentence = "positions with a nonzero weight cost a slot";
  static constexpr bool kSkipsZeroWeights = true;
  static constexpr bool kGates = false;
  static constexpr bool kOnlyEffectual = false;
  static constexpr bool kMatches = true;
  template <typename M>
  static constexpr M slots(M owned, M weights, M /*activations*/) {
    return owned & weights;
  }
};

/// Two-sided skipping: a position costs a slot only if both operands are nonzero.
struct SkipBoth {
  static constexpr SkipRule kRule = SkipRule::Both;
  static constexpr std::string_view kSentence = "positions where both operands are nonzero cost a slot";
  static constexpr bool kSkipsZeroWeights = true;
  static constexpr bool kGates = false;
  static constexpr bool kOnlyEffectual = true;
  static constexpr bool kMatches = true;
  template <typename M>
  static constexpr M slots(M owned, M weights, M activations) {
    return owned & weights & activations;
  }
};

/// Calls `visit` with a value of the struct of `rule`: the one place that turns the word into the rule.
template <typename Visit>
auto with_skip_rule(SkipRule rule, Visit&& visit) {
  switch (rule) {
    case SkipRule::None:
      return visit(SkipNone{});
    case SkipRule::Gate:
      return visit(SkipGate{});
    case SkipRule::Activations:
      return visit(SkipActivations{});
    case SkipRule::Weights:
      return visit(SkipWeights{});
    case SkipRule::Both:
      return visit(SkipBoth{});
  }
  throw Bug("unknown skip rule");
}

}  // namespace lacuna::intersect
