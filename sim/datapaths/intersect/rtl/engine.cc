#include "datapaths/intersect/rtl/engine.h"

#include <bit>

#include "datapaths/fabric/rtl/engine.h"
#include "datapaths/intersect/rtl/messages.h"
#include "datapaths/intersect/rtl/pe_events.h"

namespace lacuna::intersect {

namespace {

/// What the fabric asks of this family's RTL: fabric/README.md.
struct Rtl {
  using Own = intersect::Own;
  using Messages = intersect::Messages;
  template <typename Sink>
  using Pes = PeEvents<Rtl, Sink>;
  static constexpr std::string_view kFamily = "intersect";

  template <typename Set>
  static void set_layer(const Lowering& lowering, const Set& set) {
    set("two_passes_i", 1, lowering.early_termination() ? 1 : 0);
    set("tail_length_i", static_cast<std::uint32_t>(std::bit_width(config(lowering.machine()).chunk)),
        Messages::chunks(lowering).tail_length);
  }
};

}  // namespace

std::unique_ptr<Engine> make_rtl_engine(const EngineOptions& options) {
  return std::make_unique<fabric::RtlEngine<Rtl>>(options);
}

}  // namespace lacuna::intersect
