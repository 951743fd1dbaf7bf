/* Values as text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_table.h"

void nnt_real_text(double value, char *out, size_t size)
{
  for (int digits = 1; digits <= 17; digits++) {
    (void)snprintf(out, size, "%.*g", digits, value);
    if (strtod(out, NULL) == value) return;
  }
}

static void count_text(uint64_t value, bool zero_is_unset, char *out)
{
  if (zero_is_unset && value == 0) {
    out[0] = '\0';
  } else {
    (void)snprintf(out, NNT_VALUE_SIZE, "%" PRIu64, value);
  }
}

static void hidden_text(const nnt_config *config, char *out)
{
  size_t at = 0;
  for (size_t i = 0; i < config->hidden_count; i++) {
    at += (size_t)snprintf(out + at, NNT_VALUE_SIZE - at, "%s%zu", i == 0 ? "" : ",",
                           config->hidden[i]);
  }
  if (config->hidden_count == 0) (void)snprintf(out, NNT_VALUE_SIZE, "none");
}

static void init_text(const nnt_initializer *init, char *out)
{
  int const at = snprintf(out, NNT_VALUE_SIZE, "%s", nnt_initializer_names[init->kind]);
  if (init->kind != NNT_NORMAL) return;
  out[at] = ':';
  nnt_real_text(init->stddev, out + at + 1, (size_t)(NNT_VALUE_SIZE - at - 1));
}

static void validation_text(const nnt_validation *validation, char *out)
{
  if (validation->kind == NNT_VALIDATION_HOLDOUT) {
    count_text(validation->samples, false, out);
  } else {
    (void)snprintf(out, NNT_VALUE_SIZE, "%s",
                   validation->kind == NNT_VALIDATION_TEST ? "test" : "none");
  }
}

static void interval_text(const nnt_interval *interval, char *out)
{
  static char const *const units[] = {[NNT_INTERVAL_STEPS] = "steps",
                                      [NNT_INTERVAL_EPOCHS] = "epochs",
                                      [NNT_INTERVAL_SECONDS] = "s"};
  if (interval->unit == NNT_INTERVAL_AUTO) {
    (void)snprintf(out, NNT_VALUE_SIZE, "auto");
  } else {
    (void)snprintf(out, NNT_VALUE_SIZE, "%" PRIu64 "%s", interval->count, units[interval->unit]);
  }
}

static void resume_text(const nnt_resume *resume, char *out)
{
  static char const *const words[] = {
      [NNT_RESUME_AUTO] = "auto", [NNT_RESUME_NEVER] = "never", [NNT_RESUME_REQUIRE] = "require"};
  (void)snprintf(out, NNT_VALUE_SIZE, "%s",
                 resume->kind == NNT_RESUME_FILE ? resume->file : words[resume->kind]);
}

static void time_limit_text(const nnt_time_limit *limit, char *out)
{
  if (limit->kind == NNT_TIME_LIMIT_GIVEN) {
    (void)snprintf(out, NNT_VALUE_SIZE, "%" PRIu64 "s", limit->seconds);
  } else {
    (void)snprintf(out, NNT_VALUE_SIZE, "%s", limit->kind == NNT_TIME_LIMIT_AUTO ? "auto" : "none");
  }
}

void nnt_config_text(const nnt_config *config, nnt_option_id id, char out[NNT_VALUE_SIZE])
{
  nnt_row const *const row = nnt_row_at(id);
  void const *const member = (char const *)config + row->offset;
  switch (row->type) {
  case NNT_TYPE_CHOICE:
    (void)snprintf(out, NNT_VALUE_SIZE, "%s", row->names[*(int const *)member]);
    break;
  case NNT_TYPE_PATH:
    (void)snprintf(out, NNT_VALUE_SIZE, "%s", (char const *)member);
    break;
  case NNT_TYPE_COUNT:
    count_text(*(uint64_t const *)member, row->low > 0, out);
    if (out[0] == '\0' && row->name_count > 0) {
      (void)snprintf(out, NNT_VALUE_SIZE, "%s", row->names[0]);
    }
    break;
  case NNT_TYPE_REAL:
    nnt_real_text(*(double const *)member, out, NNT_VALUE_SIZE);
    break;
  case NNT_TYPE_FLAG:
    (void)snprintf(out, NNT_VALUE_SIZE, "%s", *(bool const *)member ? "true" : "false");
    break;
  case NNT_TYPE_HIDDEN:
    hidden_text(config, out);
    break;
  case NNT_TYPE_INIT:
    init_text(member, out);
    break;
  case NNT_TYPE_VALIDATION:
    validation_text(member, out);
    break;
  case NNT_TYPE_INTERVAL:
    interval_text(member, out);
    break;
  case NNT_TYPE_RESUME:
    resume_text(member, out);
    break;
  case NNT_TYPE_TIME_LIMIT:
    time_limit_text(member, out);
    break;
  }
}
