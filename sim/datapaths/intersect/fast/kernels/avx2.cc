// The kernels for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "datapaths/intersect/fast/kernels/kernels.h"

#define LACUNA_AVX2
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,fma,popcnt")
namespace lacuna::intersect::fast {

namespace {

#include "datapaths/intersect/fast/kernels/kernels.inc"

}  // namespace

extern const Kernels kAvx2Kernels;
const Kernels kAvx2Kernels{
    "avx2",      nonzero,           transpose,      widen,     products,    byte_products,     wide_products,
    add_outside, slots_before_stop, not_above_zero, pair_step, block_run,   stop_step,         count_slots,
    measure,     send_step,         drain_step,     sum_words, longest_run, largest_difference};

}  // namespace lacuna::intersect::fast
#pragma GCC pop_options
#endif
