// The kernels for the instruction set the whole program is built for.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

#include "datapaths/fabric/fast/kernels/kernels.h"

namespace lacuna::fabric::fast {

namespace {

#include "datapaths/fabric/fast/kernels/vectors.inc"
// In this order.
#include "datapaths/fabric/fast/kernels/values.inc"

}  // namespace

extern const ValueKernels kBaseValues;
const ValueKernels kBaseValues = value_kernels("base");

}  // namespace lacuna::fabric::fast
