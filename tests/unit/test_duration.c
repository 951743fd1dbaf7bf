#include "base/duration.h"

#include "suite.h"

static void times_are_read(void)
{
  static struct {
    char const *text;
    uint64_t seconds;
  } const times[] = {{"1s", 1},
                     {"90s", 90},
                     {"50min", 3000},
                     {"3h", 10800},
                     {"2d", 172800},
                     {"3 h", 10800},
                     {"0:00:01", 1},
                     {"2:30:00", 9000},
                     {"02:30:00", 9000},
                     {"47:59:59", 172799},
                     {"1-12:00:00", 129600},
                     {"0-00:10:00", 600},
                     {"2147483647s", 2147483647}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    uint64_t seconds = 0;
    CU_ASSERT(nnt_duration_read(times[i].text, &seconds));
    CU_ASSERT_EQUAL(seconds, times[i].seconds);
  }
}

static void what_is_no_time_is_refused(void)
{
  static char const *const texts[] = {"",
                                      "0s",
                                      "60",
                                      "-5s",
                                      "+5s",
                                      " 5s",
                                      "5s ",
                                      "5 ",
                                      "5m",
                                      "1.5h",
                                      "5hours",
                                      "h",
                                      "30:00",
                                      "2:60:00",
                                      "2:00:60",
                                      "2:0:00",
                                      "2:00:0",
                                      "2:00:00:00",
                                      "1-24:00:00",
                                      "1-2:30",
                                      "1-",
                                      "1--2:00:00",
                                      "2:-1:00",
                                      "2:+1:00",
                                      "2: 1:00",
                                      "0:00:00",
                                      "2147483648s",
                                      "35791395min",
                                      "596524h",
                                      "24856d",
                                      "99999999999999999999s",
                                      "596523:14:08",
                                      "2:000:00",
                                      "5s5s",
                                      "1d12h",
                                      "nan"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint64_t seconds = 7;
    CU_ASSERT_FALSE(nnt_duration_read(texts[i], &seconds));
    CU_ASSERT_EQUAL(seconds, 7);
  }
}

static void expect_text(uint64_t seconds, const char *expected)
{
  char text[32];
  nnt_duration_text(seconds, text, sizeof text);
  CU_ASSERT_STRING_EQUAL(text, expected);
}

static void times_are_written(void)
{
  expect_text(0, "0:00:00");
  expect_text(59, "0:00:59");
  expect_text(9005, "2:30:05");
  expect_text(360000, "100:00:00");
}

static CU_TestInfo tests[] = {{"times are read", times_are_read},
                              {"what is no time is refused", what_is_no_time_is_refused},
                              {"times are written", times_are_written},
                              CU_TEST_INFO_NULL};
TEST_SUITE("duration", tests);
