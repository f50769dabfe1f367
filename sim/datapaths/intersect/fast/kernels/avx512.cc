// The kernels for AVX-512 with its population counts and dot products.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "datapaths/intersect/fast/kernels/kernels.h"

#define LACUNA_AVX512
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")
namespace lacuna::intersect::fast {

namespace {

#include "datapaths/intersect/fast/kernels/kernels.inc"

}  // namespace

extern const Kernels kAvx512Kernels;
const Kernels kAvx512Kernels = kernels("avx512");

}  // namespace lacuna::intersect::fast
#pragma GCC pop_options
#endif
