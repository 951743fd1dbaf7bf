#include "base/cpu.h"

#if defined(__x86_64__)

/* x86-64-v3 and v4 without what our code does not use; the compiler's helper also asks XCR0. */
bool nnt_isa_runs(nnt_isa isa)
{
  __builtin_cpu_init();
  bool const v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi2");
  if (isa == NNT_ISA_AVX2) return v3;
  if (isa != NNT_ISA_AVX512) return true;
  return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512cd");
}

#else

bool nnt_isa_runs(nnt_isa isa) { return isa == NNT_ISA_BASELINE; }

#endif

nnt_isa nnt_isa_best(void)
{
  int isa = NNT_ISA_COUNT - 1;
  while (isa > NNT_ISA_BASELINE && !nnt_isa_runs((nnt_isa)isa)) {
    isa--;
  }
  return (nnt_isa)isa;
}

bool nnt_isa_fuses(nnt_isa isa) { return isa != NNT_ISA_BASELINE; }
