/* Core types of OpenBLAS: which is poorer, and what is said about a choice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/blas_core.h"
#include "nntrain/kernels.h"
#include "suite.h"

static char text[NNT_MESSAGE_SIZE];

/* A program that has been started again would test nothing. */
static int is_restarted(void) { return getenv("NNTRAIN_BLAS_CORE_WAS") != NULL; }

/* The core types of OpenBLAS 0.3.21, and later ones, by the instructions of their kernels. */
static char const *const without_avx2[] = {
    "Katmai", "Coppermine", "Northwood",  "Prescott",     "Banias",      "Atom",       "Core2",
    "Penryn", "Dunnington", "Nehalem",    "Athlon",       "Opteron",     "Barcelona",  "Nano",
    "Bobcat", "Bulldozer",  "Piledriver", "Opteron_SSE3", "Steamroller", "Sandybridge"};
static char const *const with_avx2[] = {"Haswell", "HASWELL", "Zen", "Excavator"};
static char const *const with_avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids",
                                          "a core type of the future"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void fewer_instructions_are_poorer(void)
{
  for (size_t i = 0; i < COUNT(without_avx2); i++) {
    CU_ASSERT(nnt_blas_core_is_poorer(without_avx2[i], "Haswell"));
    CU_ASSERT(nnt_blas_core_is_poorer(without_avx2[i], "SkylakeX"));
    CU_ASSERT(nnt_blas_core_is_poorer(without_avx2[i], "Cooperlake"));
  }
  for (size_t i = 0; i < COUNT(with_avx2); i++) {
    CU_ASSERT_FALSE(nnt_blas_core_is_poorer(with_avx2[i], "Haswell"));
    CU_ASSERT(nnt_blas_core_is_poorer(with_avx2[i], "SkylakeX"));
    CU_ASSERT(nnt_blas_core_is_poorer(with_avx2[i], "Cooperlake"));
  }
}

static void as_many_or_unknown_are_not(void)
{
  for (size_t i = 0; i < COUNT(with_avx512); i++) {
    CU_ASSERT_FALSE(nnt_blas_core_is_poorer(with_avx512[i], "Haswell"));
    CU_ASSERT_FALSE(nnt_blas_core_is_poorer(with_avx512[i], "SkylakeX"));
    CU_ASSERT_FALSE(nnt_blas_core_is_poorer(with_avx512[i], "Cooperlake"));
  }
}

static void this_process_is_looked_at(void)
{
  nnt_blas_choice it;
  CU_ASSERT_EQUAL(setenv("OPENBLAS_CORETYPE", "Nehalem", 1), 0);
  nnt_blas_look(&it);
  CU_ASSERT_STRING_EQUAL(it.core, nnt_blas_core());
  CU_ASSERT_STRING_EQUAL(it.asked, "Nehalem");
  CU_ASSERT_STRING_EQUAL(it.replaced, "");
  CU_ASSERT_PTR_NOT_NULL(getenv("OPENBLAS_CORETYPE"));
  CU_ASSERT_EQUAL(unsetenv("OPENBLAS_CORETYPE"), 0);
  nnt_blas_look(&it);
  CU_ASSERT_PTR_NULL(it.asked);
}

/* The CPU's flags as Linux lists them; without the file nothing is expected. */
static bool cpu_has(const char *flag)
{
  char word[64];
  bool found = false;
  FILE *const file = fopen("/proc/cpuinfo", "r");
  while (file != NULL && !found && fscanf(file, "%63s", word) == 1) {
    found = strcmp(word, flag) == 0;
  }
  if (file != NULL) (void)fclose(file);
  return found;
}

static void the_best_is_what_the_cpu_can_do(void)
{
  nnt_blas_choice it;
  nnt_blas_look(&it);
  char const *expected = NULL;
  if (cpu_has("avx2") && cpu_has("fma")) expected = "Haswell";
  if (cpu_has("avx512vl") && cpu_has("avx512bw") && cpu_has("avx512dq")) {
    expected = cpu_has("avx512_bf16") ? "Cooperlake" : "SkylakeX";
  }
  if (expected == NULL) {
    CU_ASSERT_PTR_NULL(it.best);
  } else {
    CU_ASSERT_STRING_EQUAL(it.best, expected);
  }
}

/* What a start leaves in the environment for the next is not for the children of that one. */
static void traces_of_the_first_start_are_removed(void)
{
  nnt_blas_choice it;
  CU_ASSERT_EQUAL(setenv("OPENBLAS_CORETYPE", "SkylakeX", 1), 0);
  CU_ASSERT_EQUAL(setenv("NNTRAIN_BLAS_CORE_WAS", "Prescott", 1), 0);
  nnt_blas_look(&it);
  CU_ASSERT_STRING_EQUAL(it.replaced, "Prescott");
  CU_ASSERT_PTR_NULL(it.asked);
  CU_ASSERT_PTR_NULL(getenv("OPENBLAS_CORETYPE"));
  CU_ASSERT_PTR_NULL(getenv("NNTRAIN_BLAS_CORE_WAS"));
}

static nnt_blas_choice choice(const char *core, const char *best, const char *asked,
                              const char *replaced)
{
  nnt_blas_choice it = {.core = core, .best = best, .asked = asked};
  (void)snprintf(it.replaced, sizeof it.replaced, "%s", replaced);
  return it;
}

/* Each of these comes back, instead of starting the program again. */
static void what_is_good_or_the_users_is_left_alone(void)
{
  char name[] = "nntrain";
  char *arguments[] = {name, NULL};
  nnt_blas_choice const left_alone[] = {
      choice("SkylakeX", "SkylakeX", NULL, ""),        choice("Cooperlake", "SkylakeX", NULL, ""),
      choice("Haswell", "Haswell", NULL, ""),          choice("Prescott", NULL, NULL, ""),
      choice("Sandybridge", NULL, NULL, ""),           choice("Zen", "Haswell", NULL, ""),
      choice("Prescott", "Haswell", "Prescott", ""),   choice("Prescott", "Haswell", "", ""),
      choice("Prescott", "Haswell", NULL, "Prescott"),
  };
  for (size_t i = 0; i < COUNT(left_alone); i++) {
    nnt_blas_correct(&left_alone[i], arguments);
    CU_ASSERT_PTR_NULL(getenv("OPENBLAS_CORETYPE"));
  }
}

static const char *remark(nnt_blas_choice it)
{
  nnt_blas_remark(&it, text);
  return text;
}

static const char *warning(nnt_blas_choice it) { return nnt_blas_warn(&it, text) ? text : ""; }

static void a_good_choice_needs_no_words(void)
{
  CU_ASSERT_STRING_EQUAL(remark(choice("SkylakeX", "SkylakeX", NULL, "")), "");
  CU_ASSERT_STRING_EQUAL(warning(choice("SkylakeX", "SkylakeX", NULL, "")), "");
  CU_ASSERT_STRING_EQUAL(remark(choice("Prescott", NULL, NULL, "")), "");
  CU_ASSERT_STRING_EQUAL(warning(choice("Prescott", NULL, NULL, "")), "");
}

static void a_correction_is_told(void)
{
  nnt_blas_choice const it = choice("SkylakeX", "SkylakeX", NULL, "Prescott");
  CU_ASSERT_STRING_EQUAL(remark(it), " (corrected from Prescott)");
  CU_ASSERT_STRING_EQUAL(warning(it), "");
}

static void a_choice_of_the_users_is_told(void)
{
  CU_ASSERT_STRING_EQUAL(remark(choice("Haswell", "Haswell", "haswell", "")),
                         " (by OPENBLAS_CORETYPE)");
  CU_ASSERT_STRING_EQUAL(warning(choice("Haswell", "Haswell", "haswell", "")), "");
  nnt_blas_choice const poor = choice("Haswell", "SkylakeX", "haswell", "");
  CU_ASSERT_STRING_EQUAL(remark(poor), " (by OPENBLAS_CORETYPE; this CPU could do SkylakeX)");
  CU_ASSERT_STRING_EQUAL(warning(poor),
                         "OpenBLAS uses kernels for Haswell, though this CPU could do SkylakeX: "
                         "unset OPENBLAS_CORETYPE, unless it is meant");
}

static void what_stays_poor_is_told(void)
{
  nnt_blas_choice const left = choice("Prescott", "Haswell", NULL, "");
  CU_ASSERT_STRING_EQUAL(remark(left), " (this CPU could do Haswell)");
  CU_ASSERT_STRING_EQUAL(warning(left),
                         "OpenBLAS uses kernels for Prescott, though this CPU could do Haswell: "
                         "export OPENBLAS_CORETYPE=Haswell");
  nnt_blas_choice const tried = choice("Prescott", "Haswell", NULL, "Prescott");
  CU_ASSERT_STRING_EQUAL(remark(tried), " (this CPU could do Haswell)");
  CU_ASSERT_STRING_EQUAL(warning(tried),
                         "OpenBLAS uses kernels for Prescott, though this CPU could do Haswell: "
                         "OPENBLAS_CORETYPE=Haswell has not helped");
}

static CU_TestInfo tests[] = {
    {"fewer instructions are poorer", fewer_instructions_are_poorer},
    {"as many or unknown are not", as_many_or_unknown_are_not},
    {"this process is looked at", this_process_is_looked_at},
    {"the best is what the CPU can do", the_best_is_what_the_cpu_can_do},
    {"traces of the first start are removed", traces_of_the_first_start_are_removed},
    {"what is good or the user's is left alone", what_is_good_or_the_users_is_left_alone},
    {"a good choice needs no words", a_good_choice_needs_no_words},
    {"a correction is told", a_correction_is_told},
    {"a choice of the user's is told", a_choice_of_the_users_is_told},
    {"what stays poor is told", what_stays_poor_is_told},
    CU_TEST_INFO_NULL,
};

CU_SuiteInfo test_suites[] = {{"BLAS core", is_restarted, NULL, NULL, NULL, tests},
                              CU_SUITE_INFO_NULL};
