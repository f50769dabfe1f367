// The kernels for the instruction set the whole program is built for.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

#include "datapaths/intersect/fast/kernels/kernels.h"

namespace lacuna::intersect::fast {

namespace {

#include "datapaths/intersect/fast/kernels/kernels.inc"

}  // namespace

extern const Kernels kBaseKernels;
const Kernels kBaseKernels{
    "base",      nonzero,           transpose,      widen,     products,    byte_products,     wide_products,
    add_outside, slots_before_stop, not_above_zero, pair_step, block_run,   stop_step,         count_slots,
    measure,     send_step,         drain_step,     sum_words, longest_run, largest_difference};

}  // namespace lacuna::intersect::fast
