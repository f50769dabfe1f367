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
const Kernels kBaseKernels = kernels("base");

}  // namespace lacuna::intersect::fast
