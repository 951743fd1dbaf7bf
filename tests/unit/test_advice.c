#include "train/advice.h"

#include <string.h>

#include "suite.h"

/* Ten seconds: `share` of them in `phase`, the rest half and half forward and backward. */
static void spend(nnt_phase phases[NNT_PHASE_COUNT], nnt_phase_id phase, double share)
{
  memset(phases, 0, NNT_PHASE_COUNT * sizeof *phases);
  phases[NNT_PHASE_FORWARD].mean = 5.0 * (1.0 - share);
  phases[NNT_PHASE_BACKWARD].mean = 5.0 * (1.0 - share);
  phases[phase].mean += 10.0 * share;
}

static void expect(const nnt_phase phases[NNT_PHASE_COUNT], const char *advice)
{
  char got[NNT_MESSAGE_SIZE] = "not set";
  nnt_advice(phases, got);
  CU_ASSERT_STRING_EQUAL(got, advice);
}

static void what_dominates_is_named(void)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  spend(phases, NNT_PHASE_WAIT, 0.6);
  expect(phases, "60 % of the time went to waiting for others: fewer ranks, or a larger "
                 "--batch-size");
  spend(phases, NNT_PHASE_EXCHANGE, 0.45);
  expect(phases, "45 % of the time went to the exchange between ranks: fewer ranks, or a larger "
                 "--batch-size");
  spend(phases, NNT_PHASE_DATA, 0.9);
  expect(phases, "90 % of the time went to bringing samples into place: see that the data fit "
                 "into memory");
  spend(phases, NNT_PHASE_EVALUATION, 0.25);
  expect(phases, "25 % of the time went to evaluation: --validation on fewer samples, or none");
  spend(phases, NNT_PHASE_CHECKPOINT, 0.3);
  expect(phases, "30 % of the time went to writing checkpoints: a longer --checkpoint-every");
  spend(phases, NNT_PHASE_RESULTS, 0.22);
  expect(phases, "22 % of the time went to writing results: --output on a faster disk");
}

static void work_needs_no_advice(void)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  spend(phases, NNT_PHASE_FORWARD, 1.0);
  expect(phases, "");
  spend(phases, NNT_PHASE_BACKWARD, 0.8);
  expect(phases, "");
  spend(phases, NNT_PHASE_UPDATE, 0.7);
  expect(phases, "");
}

/* 19 % each of four things that are not work: no single one is worth a sentence. */
static void little_things_need_no_advice(void)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  spend(phases, NNT_PHASE_WAIT, 0.19);
  expect(phases, "");
  phases[NNT_PHASE_FORWARD].mean = 2.4;
  phases[NNT_PHASE_BACKWARD].mean = 0.0;
  phases[NNT_PHASE_EXCHANGE].mean = 1.9;
  phases[NNT_PHASE_EVALUATION].mean = 1.9;
  phases[NNT_PHASE_CHECKPOINT].mean = 1.9;
  expect(phases, "");
}

static void the_largest_of_several_is_named(void)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  spend(phases, NNT_PHASE_WAIT, 0.3);
  phases[NNT_PHASE_FORWARD].mean = 1.0;
  phases[NNT_PHASE_BACKWARD].mean = 2.0;
  phases[NNT_PHASE_CHECKPOINT].mean = 4.0;
  expect(phases, "40 % of the time went to writing checkpoints: a longer --checkpoint-every");
}

/* The shares are those of all ranks together: one rank that waits all the time is one of many. */
static void means_count_and_not_extremes(void)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  spend(phases, NNT_PHASE_WAIT, 0.1);
  phases[NNT_PHASE_WAIT].max = 9.0;
  phases[NNT_PHASE_WAIT].median = 8.0;
  expect(phases, "");
}

static void a_short_run_needs_no_advice(void)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  memset(phases, 0, sizeof phases);
  expect(phases, "");
  phases[NNT_PHASE_CHECKPOINT].mean = 0.99;
  expect(phases, "");
  phases[NNT_PHASE_CHECKPOINT].mean = 1.0;
  expect(phases, "100 % of the time went to writing checkpoints: a longer --checkpoint-every");
}

static CU_TestInfo tests[] = {
    {"what dominates is named", what_dominates_is_named},
    {"work needs no advice", work_needs_no_advice},
    {"little things need no advice", little_things_need_no_advice},
    {"the largest of several is named", the_largest_of_several_is_named},
    {"means count and not extremes", means_count_and_not_extremes},
    {"a short run needs no advice", a_short_run_needs_no_advice},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("advice", tests);
