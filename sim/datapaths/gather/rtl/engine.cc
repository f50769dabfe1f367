#include "datapaths/gather/rtl/engine.h"

#include <algorithm>
#include <bit>

#include "datapaths/fabric/rtl/engine.h"
#include "datapaths/gather/rtl/messages.h"
#include "datapaths/gather/rtl/pe_events.h"

namespace lacuna::gather {

namespace {

/// What the fabric asks of this family's RTL: fabric/README.md.
struct Rtl {
  using Own = gather::Own;
  using Messages = gather::Messages;
  template <typename Sink>
  using Pes = PeEvents<Rtl, Sink>;
  static constexpr std::string_view kFamily = "gather";

  template <typename Set>
  static void set_layer(const Lowering& lowering, const Set& set) {
    const Config& c = config(lowering.machine());
    const ConvShape& shape = lowering.layer().shape;
    const Placement& placement = lowering.placement();
    const auto width = static_cast<std::uint32_t>(std::bit_width(c.segment));
    const std::uint32_t channels = shape.C / shape.groups, k = lowering.positions();
    const bool resident = c.delivery == Delivery::Resident;
    set("full_blocks_i", 1, lowering.every_position() ? 1 : 0);
    set("tail_length_i", width, resident ? 0 : k - (k - 1) / c.segment * c.segment);
    set("stops_i", 1, lowering.stops() ? 1 : 0);
    set("channels_i", width, resident ? channels : 0);
    set("columns_i", width, resident ? placement.columns : 0);
    // A stride beyond the tile is as good as one that ends it: there is one window.
    set("stride_i", width, resident ? std::min(shape.stride_w, placement.columns) : 0);
    set("window_step_i", width, resident && placement.windows > 1 ? shape.stride_w * channels : 0);
    set("positions_i", width, resident ? placement.positions : 0);
  }
};

}  // namespace

std::unique_ptr<Engine> make_rtl_engine(const EngineOptions& options) {
  return std::make_unique<fabric::RtlEngine<Rtl>>(options);
}

}  // namespace lacuna::gather
