#include "datapaths/gather/actions.h"

#include <array>

#include "datapaths/gather/config.h"

namespace lacuna::gather {

namespace {

double weight_buffer(const Machine& m) { return config(m).weights.buffer_bytes; }
double activation_buffer(const Machine& m) { return config(m).activations.buffer_bytes; }

constexpr ActionInfo own(std::string_view name, std::string_view unit, std::string_view component,
                         std::string_view sentence) {
  return {name, unit, component, sentence, nullptr, false, false, std::nullopt};
}
constexpr ActionInfo buffer(std::string_view name, double (*capacity)(const Machine&), std::string_view sentence) {
  return {name, "bytes", "operand_buffer", sentence, capacity, false, true, std::nullopt};
}

constexpr std::array<ActionInfo, kActionCount> kActions = {
    common_action(CommonAction::MacExecuted),
    common_action(CommonAction::MacWasted),
    common_action(CommonAction::MacGated),
    own("psum_update", "accesses", "psum", "times a PE read and wrote a partial sum"),
    own("index_decode", "weights", "index", "weights whose index a PE made an address of"),
    own("select_bit", "bits", "select", "bits of activations times the levels of 2:1 selects they went through"),
    own("fifo_write", "bytes", "chunk_fifo", "bytes written to the FIFOs and stores of PEs"),
    own("fifo_read", "bytes", "chunk_fifo", "operand bytes read from FIFOs and stores of PEs into operand registers"),
    own("weight_bus", "bytes x PEs", "bus", "bytes on row buses times the PEs along the wire"),
    own("activation_bus", "bytes x PEs", "bus", "bytes on column buses times the PEs along the wire"),
    own("drain_bus", "bytes x PEs", "bus", "result bytes on drain buses times the PEs along the wire"),
    buffer("weight_buffer_write", weight_buffer, "bytes written to weight feeders' buffers"),
    buffer("weight_buffer_read", weight_buffer, "bytes read from weight feeders' buffers"),
    buffer("activation_buffer_write", activation_buffer, "bytes written to activation feeders' buffers"),
    buffer("activation_buffer_read", activation_buffer, "bytes read from activation feeders' buffers"),
    common_action(CommonAction::PostOperation),
    common_action(CommonAction::GlobalBufferRead),
    common_action(CommonAction::GlobalBufferWrite),
    common_action(CommonAction::DramRead),
    common_action(CommonAction::DramWrite),
    common_action(CommonAction::PeClock),
    common_action(CommonAction::PeLeakage),
    common_action(CommonAction::SramLeakage),
};

static_assert(kActions[static_cast<std::size_t>(Action::ActivationBufferRead)].name == "activation_buffer_read");

}  // namespace

const ActionList& actions() {
  static const ActionList list(kActions);
  return list;
}

}  // namespace lacuna::gather
