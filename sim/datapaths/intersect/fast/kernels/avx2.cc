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
const Kernels kAvx2Kernels = kernels("avx2");

}  // namespace lacuna::intersect::fast
#pragma GCC pop_options
#endif
