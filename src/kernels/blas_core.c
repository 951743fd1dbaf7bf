#include "kernels/blas_core.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/fault.h"
#include "nntrain/kernels.h"

/* OpenBLAS reads the one; the other keeps what it had chosen, and keeps us from trying twice. */
#define CORE_TYPE "OPENBLAS_CORETYPE"
#define CORE_WAS "NNTRAIN_BLAS_CORE_WAS"

/* The instructions that a core type's kernels use, as far as they matter for speed. */
typedef enum width { BELOW_AVX2, AVX2, AVX512 } width;

/* OpenBLAS's core types that have no AVX-512. Excavator's kernels use less than AVX2, but OpenBLAS
 * knows that CPU. */
static struct {
  char const *name;
  width width;
} const narrow[] = {
    {"Katmai", BELOW_AVX2},
    {"Coppermine", BELOW_AVX2},
    {"Northwood", BELOW_AVX2},
    {"Prescott", BELOW_AVX2},
    {"Banias", BELOW_AVX2},
    {"Atom", BELOW_AVX2},
    {"Core2", BELOW_AVX2},
    {"Penryn", BELOW_AVX2},
    {"Dunnington", BELOW_AVX2},
    {"Nehalem", BELOW_AVX2},
    {"Athlon", BELOW_AVX2},
    {"Opteron", BELOW_AVX2},
    {"Barcelona", BELOW_AVX2},
    {"Opteron_SSE3", BELOW_AVX2},
    {"Nano", BELOW_AVX2},
    {"Bobcat", BELOW_AVX2},
    {"Sandybridge", BELOW_AVX2},
    {"Bulldozer", BELOW_AVX2},
    {"Piledriver", BELOW_AVX2},
    {"Steamroller", BELOW_AVX2},
    {"Excavator", AVX2},
    {"Haswell", AVX2},
    {"Zen", AVX2},
};

static width width_of(const char *core)
{
  for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
    if (strcasecmp(core, narrow[i].name) == 0) return narrow[i].width;
  }
  return AVX512;
}

bool nnt_blas_core_is_poorer(const char *core, const char *than)
{
  return width_of(core) < width_of(than);
}

#ifdef __x86_64__
/* Asks the CPU, and the operating system whether it saves the registers. */
static const char *best_core(void)
{
  __builtin_cpu_init();
  bool const avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512) {
    bool const bf16 = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
    return bf16 ? "Cooperlake" : "SkylakeX";
  }
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "Haswell" : NULL;
}
#else
static const char *best_core(void) { return NULL; }
#endif

static bool is_poor(const nnt_blas_choice *choice)
{
  return choice->best != NULL && nnt_blas_core_is_poorer(choice->core, choice->best);
}

void nnt_blas_look(nnt_blas_choice *out)
{
  *out =
      (nnt_blas_choice){.core = nnt_blas_core(), .best = best_core(), .asked = getenv(CORE_TYPE)};
  char const *const replaced = getenv(CORE_WAS);
  if (replaced != NULL) {
    (void)snprintf(out->replaced, sizeof out->replaced, "%s", replaced);
    out->asked = NULL;
    (void)unsetenv(CORE_TYPE);
    (void)unsetenv(CORE_WAS);
  }
  /* Tests choose the kernels, as if OpenBLAS had. */
  if (nnt_fault("blas_core", 0) != NNT_OK) out->asked = NULL;
}

void nnt_blas_correct(const nnt_blas_choice *choice, char **argv)
{
  if (!is_poor(choice) || choice->asked != NULL || choice->replaced[0] != '\0') return;
  if (setenv(CORE_TYPE, choice->best, 1) == 0 && setenv(CORE_WAS, choice->core, 1) == 0) {
    (void)execv("/proc/self/exe", argv);
  }
  (void)unsetenv(CORE_TYPE);
  (void)unsetenv(CORE_WAS);
}

void nnt_blas_remark(const nnt_blas_choice *choice, char text[NNT_MESSAGE_SIZE])
{
  bool const poor = is_poor(choice);
  text[0] = '\0';
  if (choice->asked != NULL) {
    (void)snprintf(text, NNT_MESSAGE_SIZE, " (by " CORE_TYPE "%s%s)",
                   poor ? "; this CPU could do " : "", poor ? choice->best : "");
  } else if (poor) {
    (void)snprintf(text, NNT_MESSAGE_SIZE, " (this CPU could do %s)", choice->best);
  } else if (choice->replaced[0] != '\0') {
    (void)snprintf(text, NNT_MESSAGE_SIZE, " (corrected from %s)", choice->replaced);
  }
}

bool nnt_blas_warn(const nnt_blas_choice *choice, char text[NNT_MESSAGE_SIZE])
{
  if (!is_poor(choice)) return false;
  char remedy[2 * NNT_NAME_SIZE] = "";
  if (choice->asked != NULL) {
    (void)snprintf(remedy, sizeof remedy, "unset " CORE_TYPE ", unless it is meant");
  } else if (choice->replaced[0] != '\0') {
    (void)snprintf(remedy, sizeof remedy, CORE_TYPE "=%s has not helped", choice->best);
  } else {
    (void)snprintf(remedy, sizeof remedy, "export " CORE_TYPE "=%s", choice->best);
  }
  (void)snprintf(text, NNT_MESSAGE_SIZE,
                 "OpenBLAS uses kernels for %s, though this CPU could do %s: %s", choice->core,
                 choice->best, remedy);
  return true;
}
