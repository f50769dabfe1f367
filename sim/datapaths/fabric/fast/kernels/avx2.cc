// The kernels for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "datapaths/fabric/fast/kernels/kernels.h"

#define LACUNA_AVX2
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,fma,popcnt")
namespace lacuna::fabric::fast {

namespace {

#include "datapaths/fabric/fast/kernels/vectors.inc"
// In this order.
#include "datapaths/fabric/fast/kernels/values.inc"

}  // namespace

extern const ValueKernels kAvx2Values;
const ValueKernels kAvx2Values = value_kernels("avx2");

}  // namespace lacuna::fabric::fast
#pragma GCC pop_options
#endif
