// Tensors drawn from densities and a seed that look like trained ones where a sparse accelerator notices.
//
// weights      Zero-mean and heavy-tailed (Laplace), each filter with its own scale, pruned by magnitude over the whole
//              layer to an exact count; so filters differ in density as they do in a pruned network. A pattern N:M
//              keeps the N largest of every M along the reduction instead.
// activations  Not negative, with an exact count of nonzeros at the highest places of a field that is the sum of an
//              offset per channel, smooth blobs shared by all channels, smooth blobs of the channel's own, and noise;
//              nonzero values are exponential.
// biases       Such that the share of sums at or below zero, estimated on up to 64 sampled windows per filter, is one
//              minus the output density (0.5 where none is given; zero biases without ReLU). Where a filter has fewer
//              than 16 windows (fully connected layers of few images) all filters share one bias.
// requantise   Such that the largest sampled result lies at about 80 % of the output's range.
//
// The same bytes on every machine: integers decide everything, and the few floating-point operations are single
// correctly rounded ones that no compiler can fuse.
#pragma once

#include <cstdint>
#include <optional>

#include "workload/layer.h"
#include "workload/pattern.h"

namespace lacuna {

/// Changes whenever the same parameters give other bytes; part of a workload's hash.
constexpr std::uint64_t kGeneratorVersion = 1;

struct GeneratedLayer {
  double weights = 1;            ///< fraction of weights that are not zero, 0..1; with a pattern its N/M
  double input = 1;              ///< fraction of inputs that are not zero, 0..1
  std::optional<double> output;  ///< wanted fraction of sums above zero, 0..1
  std::optional<Pattern> pattern = std::nullopt;  ///< none: unstructured
  unsigned bits = 8;  ///< 8: int8 and uint8; 16: int16 and uint16, of which 12 bits are used so that biases fit
  std::uint64_t seed = 1;

  bool operator==(const GeneratedLayer&) const = default;
};

/// What a report must say of such a layer, whose shape and relu are those of `layer`.
std::string generated_note(const Layer& layer, const GeneratedLayer& parameters);

/// Fills weights, input, bias and requantise of `layer`, whose op, shape and relu are set.
void generate(const GeneratedLayer& parameters, Layer& layer);

}  // namespace lacuna
