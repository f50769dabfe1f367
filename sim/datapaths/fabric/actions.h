// What energy is paid for in the fabric, for the lists of the families that are built on it. README.md, section
// Actions.
#pragma once

#include "datapaths/fabric/side.h"
#include "machine/actions.h"

namespace lacuna::fabric {

/// An action beside those that every machine has.
constexpr ActionInfo action(std::string_view name, std::string_view unit, std::string_view component,
                            std::string_view sentence) {
  return {name, unit, component, sentence, nullptr, false, false, std::nullopt};
}

constexpr ActionInfo kPsumUpdate = action("psum_update", "accesses", "psum", "times a PE read and wrote a partial sum");
constexpr ActionInfo kFifoWrite =
    action("fifo_write", "bytes", "chunk_fifo", "bytes written to the FIFOs and stores of PEs");
constexpr ActionInfo kFifoRead = action("fifo_read", "bytes", "chunk_fifo",
                                        "operand bytes read from FIFOs and stores of PEs into operand registers");
constexpr ActionInfo kWeightBus =
    action("weight_bus", "bytes x PEs", "bus", "bytes on row buses times the PEs along the wire");
constexpr ActionInfo kActivationBus =
    action("activation_bus", "bytes x PEs", "bus", "bytes on column buses times the PEs along the wire");
constexpr ActionInfo kDrainBus =
    action("drain_bus", "bytes x PEs", "bus", "result bytes on drain buses times the PEs along the wire");

/// Through the operand buffers of an operand; feeder(machine, side) of the family says how large they are.
template <Side kSide, auto kFeeder>
constexpr ActionInfo buffer_action(std::string_view name, std::string_view sentence) {
  constexpr auto capacity = [](const Machine& machine) -> double { return kFeeder(machine, kSide).buffer_bytes; };
  return {name, "bytes", "operand_buffer", sentence, capacity, false, true, std::nullopt};
}
template <auto kFeeder>
constexpr ActionInfo kWeightBufferWrite =
    buffer_action<Side::Weights, kFeeder>("weight_buffer_write", "bytes written to weight feeders' buffers");
template <auto kFeeder>
constexpr ActionInfo kWeightBufferRead =
    buffer_action<Side::Weights, kFeeder>("weight_buffer_read", "bytes read from weight feeders' buffers");
template <auto kFeeder>
constexpr ActionInfo kActivationBufferWrite = buffer_action<Side::Activations, kFeeder>(
    "activation_buffer_write", "bytes written to activation feeders' buffers");
template <auto kFeeder>
constexpr ActionInfo kActivationBufferRead =
    buffer_action<Side::Activations, kFeeder>("activation_buffer_read", "bytes read from activation feeders' buffers");

}  // namespace lacuna::fabric
