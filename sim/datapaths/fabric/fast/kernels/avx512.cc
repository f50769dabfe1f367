// The kernels for AVX-512 with its population counts and dot products.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "datapaths/fabric/fast/kernels/kernels.h"

#define LACUNA_AVX512
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")
namespace lacuna::fabric::fast {

namespace {

#include "datapaths/fabric/fast/kernels/vectors.inc"
// In this order.
#include "datapaths/fabric/fast/kernels/values.inc"

}  // namespace

extern const ValueKernels kAvx512Values;
const ValueKernels kAvx512Values = value_kernels("avx512");

}  // namespace lacuna::fabric::fast
#pragma GCC pop_options
#endif
