// Loops that a compiler turns into vectors of the processor's widest registers: -O2 of GCC 12 leaves them scalar.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define LACUNA_VECTORISE \
  __attribute__((optimize("O3"), noinline, target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LACUNA_VECTORISE __attribute__((noinline))
#endif
