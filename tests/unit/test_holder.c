#include <stdlib.h>
#include <string.h>

#include "store/holder.h"
#include "suite.h"

#define RUN "0123456789abcdef0123456789abcdef"

static bool parse(const char *text, nnt_holder *out)
{
  return nnt_holder_parse(text, strlen(text), out);
}

static void what_is_printed_is_understood(void)
{
  char text[NNT_HOLDER_TEXT_SIZE];
  nnt_holder holder;
  nnt_holder got;
  CU_ASSERT_EQUAL(nnt_holder_init(&holder), NNT_OK);
  size_t const length = nnt_holder_print(&holder, text);
  CU_ASSERT_EQUAL(length, strlen(text));
  CU_ASSERT_TRUE(nnt_holder_parse(text, length, &got));
  CU_ASSERT_EQUAL(memcmp(&holder, &got, sizeof got), 0);
  /* Cut anywhere, it is no holder or the same one so far; the last line is not needed. */
  for (size_t cut = 0; cut < length; cut++) {
    bool const known = nnt_holder_parse(text, cut, &got);
    CU_ASSERT(!known || strcmp(got.run, holder.run) == 0);
  }
}

static void the_longest_holder_fits(void)
{
  char text[NNT_HOLDER_TEXT_SIZE];
  char line[NNT_HOLDER_LINE_SIZE];
  nnt_holder holder;
  nnt_holder got;
  memset(&holder, 'x', sizeof holder);
  char *const members[] = {holder.host, holder.process, holder.boot,
                           holder.job,  holder.run,     holder.since};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    members[i][NNT_HOLDER_FIELD_SIZE - 1] = '\0';
  }
  size_t const length = nnt_holder_print(&holder, text);
  CU_ASSERT(length < sizeof text);
  CU_ASSERT_FALSE(nnt_holder_parse(text, length, &got));
  CU_ASSERT_STRING_EQUAL(got.since, holder.since);
  nnt_holder_describe(&holder, line);
  CU_ASSERT(strlen(line) < sizeof line - 1);
}

static void hostile_values_are_left_out(void)
{
  nnt_holder got;
  char line[NNT_HOLDER_LINE_SIZE];
  CU_ASSERT_TRUE(parse("host: a\x1b[2Jb\npid: 1\njob: \xc3\xa4\nrun id: " RUN "\n", &got));
  CU_ASSERT_STRING_EQUAL(got.host, "");
  CU_ASSERT_STRING_EQUAL(got.job, "");
  CU_ASSERT_STRING_EQUAL(got.process, "1");
  CU_ASSERT_TRUE(parse("host: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
                       "hosts: b\nhost:c\nrun id: " RUN "\n",
                       &got));
  CU_ASSERT_STRING_EQUAL(got.host, "");
  nnt_holder_describe(&got, line);
  CU_ASSERT_STRING_EQUAL(line, "pid  on , since , run id " RUN);
  char const zeros[] = "host: a\0b\nrun id: " RUN "\n";
  CU_ASSERT_TRUE(nnt_holder_parse(zeros, sizeof zeros - 1, &got));
  CU_ASSERT_STRING_EQUAL(got.host, "");
}

static void the_job_comes_from_the_batch_system(void)
{
  static char const *const variables[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"};
  nnt_holder holder;
  char line[NNT_HOLDER_LINE_SIZE];
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(unsetenv(variables[i]), 0);
  }
  CU_ASSERT_EQUAL(nnt_holder_init(&holder), NNT_OK);
  CU_ASSERT_STRING_EQUAL(holder.job, "");
  nnt_holder_describe(&holder, line);
  CU_ASSERT_PTR_NULL(strstr(line, "job"));
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(setenv(variables[i], "17.server", 1), 0);
    CU_ASSERT_EQUAL(nnt_holder_init(&holder), NNT_OK);
    CU_ASSERT_STRING_EQUAL(holder.job, "17.server");
    CU_ASSERT_EQUAL(setenv(variables[i], "1\nrun id: " RUN, 1), 0);
    CU_ASSERT_EQUAL(nnt_holder_init(&holder), NNT_OK);
    CU_ASSERT_STRING_EQUAL(holder.job, "");
    CU_ASSERT_EQUAL(unsetenv(variables[i]), 0);
  }
}

static CU_TestInfo tests[] = {
    {"what is printed is understood", what_is_printed_is_understood},
    {"the longest holder fits", the_longest_holder_fits},
    {"hostile values are left out", hostile_values_are_left_out},
    {"the job comes from the batch system", the_job_comes_from_the_batch_system},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("holder", tests);
