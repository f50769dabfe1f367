#include "datapaths/intersect/fast/kernels/kernels.h"

#include <array>

namespace lacuna::intersect::fast {

extern const Kernels kBaseKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

std::span<const Kernels* const> runnable_kernels() {
#if defined(__x86_64__)
  static const std::array<const Kernels*, 3> all{&kBaseKernels, &kAvx2Kernels, &kAvx512Kernels};
  static const std::size_t count = [] {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma")) return 1;
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vpopcntdq");
    return avx512 ? 3 : 2;
  }();
#else
  static const std::array<const Kernels*, 1> all{&kBaseKernels};
  static const std::size_t count = 1;
#endif
  return {all.data(), count};
}

const Kernels& best_kernels() { return *runnable_kernels().back(); }

}  // namespace lacuna::intersect::fast
