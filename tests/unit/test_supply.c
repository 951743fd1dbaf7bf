/* Memory handed out array by array. */
#include <stdint.h>

#include "base/supply.h"
#include "suite.h"

static _Alignas(64) char block[1024];

static void arrays_begin_on_cache_lines(void)
{
  nnt_supply supply = {.base = block, .fits = true};
  CU_ASSERT_PTR_EQUAL(nnt_supply_take(&supply, 1, 1), block);
  CU_ASSERT_PTR_EQUAL(nnt_supply_take(&supply, 8, 8), block + 64);
  CU_ASSERT_PTR_EQUAL(nnt_supply_take(&supply, 65, 1), block + 128);
  CU_ASSERT_PTR_NULL(nnt_supply_take(&supply, 0, 8));
  CU_ASSERT_PTR_EQUAL(nnt_supply_take(&supply, 1, 4), block + 256);
  CU_ASSERT_EQUAL(supply.used, 320);
  CU_ASSERT(supply.fits);
}

static void without_a_base_it_counts(void)
{
  nnt_supply supply = {.fits = true};
  CU_ASSERT_PTR_NULL(nnt_supply_take(&supply, 100, 3));
  CU_ASSERT_PTR_NULL(nnt_supply_take(&supply, 1, 1));
  CU_ASSERT_EQUAL(supply.used, 320 + 64);
  CU_ASSERT(supply.fits);
}

/* Once something does not fit, nothing more is handed out. */
static void expect_no_fit(nnt_supply supply, size_t count, size_t size)
{
  size_t const used = supply.used;
  CU_ASSERT_PTR_NULL(nnt_supply_take(&supply, count, size));
  CU_ASSERT_FALSE(supply.fits);
  CU_ASSERT_PTR_NULL(nnt_supply_take(&supply, 1, 1));
  CU_ASSERT_FALSE(supply.fits);
  CU_ASSERT_EQUAL(supply.used, used);
}

static void sizes_that_overflow_do_not_fit(void)
{
  nnt_supply const counting = {.fits = true};
  nnt_supply const giving = {.base = block, .fits = true};
  expect_no_fit(counting, SIZE_MAX, 2);
  expect_no_fit(giving, SIZE_MAX / 2, 4);
  expect_no_fit(counting, SIZE_MAX, 1);
  expect_no_fit(counting, PTRDIFF_MAX, 1);
  expect_no_fit((nnt_supply){.used = PTRDIFF_MAX - 127, .fits = true}, 65, 1);
}

/* Sums that overflow although each array is small enough; the last one that fits still does. */
static void sums_that_overflow_do_not_fit(void)
{
  size_t const half = PTRDIFF_MAX / 2 / 64 * 64;
  nnt_supply supply = {.fits = true};
  (void)nnt_supply_take(&supply, half, 1);
  CU_ASSERT(supply.fits);
  (void)nnt_supply_take(&supply, half - 64, 1);
  CU_ASSERT(supply.fits);
  CU_ASSERT_EQUAL(supply.used, 2 * half - 64);
  expect_no_fit(supply, half, 1);
  /* The largest array ends within a cache line of what can be addressed. */
  supply = (nnt_supply){.fits = true};
  (void)nnt_supply_take(&supply, PTRDIFF_MAX - 64, 1);
  CU_ASSERT(supply.fits);
  expect_no_fit(supply, 1, 1);
}

static CU_TestInfo tests[] = {
    {"arrays begin on cache lines", arrays_begin_on_cache_lines},
    {"without a base it counts", without_a_base_it_counts},
    {"sizes that overflow do not fit", sizes_that_overflow_do_not_fit},
    {"sums that overflow do not fit", sums_that_overflow_do_not_fit},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("supply", tests);
