// The kernels for the instruction set the whole program is built for.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

#include "datapaths/intersect/fast_kernels.h"

namespace lacuna::fast {

namespace {

#include "datapaths/intersect/fast_kernels.inc"

}  // namespace

extern const Kernels kBaseKernels;
const Kernels kBaseKernels{"base", nonzero, products, wide_products, pair_step, stop_step, count_slots, send_step, drain_step};

}  // namespace lacuna::fast
