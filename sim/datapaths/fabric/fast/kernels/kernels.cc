#include "datapaths/fabric/fast/kernels/kernels.h"

namespace lacuna::fabric::fast {

extern const ValueKernels kBaseValues;
#if defined(__x86_64__)
extern const ValueKernels kAvx2Values;
extern const ValueKernels kAvx512Values;
#endif

const ValueKernels& best_value_kernels() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma"))
    return kBaseValues;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vpopcntdq");
  return avx512 ? kAvx512Values : kAvx2Values;
#else
  return kBaseValues;
#endif
}

}  // namespace lacuna::fabric::fast
