/* Values from text. Everything that is not exactly a value of the type is refused. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_table.h"
#include "base/duration.h"

static void *member(nnt_config *config, const nnt_row *row) { return (char *)config + row->offset; }

static nnt_status refuse(const nnt_row *row, const char *text, const char *legal)
{
  return nnt_fail(NNT_EUSAGE, "--%s '%.80s': %s", row->option.name, text, legal);
}

/* Digits only, up to `end`; no sign, no space, no overflow. */
static bool read_count(const char *text, const char **end, uint64_t *out)
{
  if (isdigit((unsigned char)text[0]) == 0) return false;
  char *stop = NULL;
  errno = 0;
  uint64_t const value = strtoull(text, &stop, 10);
  if (errno != 0) return false;
  *out = value;
  *end = stop;
  return true;
}

static nnt_status parse_count(const nnt_row *row, const char *text, uint64_t *out)
{
  char const *end = text;
  uint64_t value = 0;
  if (row->name_count > 0 && strcmp(text, row->names[0]) == 0) {
    *out = 0;
    return NNT_OK;
  }
  if (!read_count(text, &end, &value) || *end != '\0' || value < row->low || value > row->high) {
    return nnt_fail(NNT_EUSAGE, "--%s '%.80s': not a whole number from %" PRIu64 " to %" PRIu64,
                    row->option.name, text, row->low, row->high);
  }
  *out = value;
  return NNT_OK;
}

/* A decimal number; no hexadecimal, no "inf", no "nan", no leading space. */
static bool read_real(const char *text, double *out)
{
  if (text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0') return false;
  char *end = NULL;
  double const value = strtod(text, &end);
  if (*end != '\0' || !isfinite(value)) return false;
  *out = value;
  return true;
}

static nnt_status parse_real(const nnt_row *row, const char *text, double *out)
{
  double value = 0.0;
  if (!read_real(text, &value) || value < row->least || value > row->most) {
    return nnt_fail(NNT_EUSAGE, "--%s '%.80s': not a number from %.9g to %.9g", row->option.name,
                    text, row->least, row->most);
  }
  *out = value;
  return NNT_OK;
}

static const char *name_at(size_t i, const void *names) { return ((char const *const *)names)[i]; }

/* "a, b, c", cut to `size`. */
static void list_names(const char *const *names, size_t count, char *out, size_t size)
{
  size_t length = 0;
  for (size_t i = 0; i < count && length < size; i++) {
    int const added = snprintf(out + length, size - length, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (added > 0) length += (size_t)added;
  }
}

static nnt_status parse_name(const nnt_row *row, const char *const *names, size_t count,
                             const char *text, int *out)
{
  int const found = nnt_name_find(names, count, text);
  if (found >= 0) {
    *out = found;
    return NNT_OK;
  }
  char const *const nearest = nnt_nearest(text, name_at, count, names);
  if (nearest != NULL) {
    return nnt_fail(NNT_EUSAGE, "--%s '%.80s': unknown; did you mean '%s'?", row->option.name, text,
                    nearest);
  }
  char all[NNT_MESSAGE_SIZE] = "";
  list_names(names, count, all, sizeof all);
  return nnt_fail(NNT_EUSAGE, "--%s '%.80s': unknown; there are: %s", row->option.name, text, all);
}

static nnt_status parse_path(const nnt_row *row, const char *text, char *out)
{
  size_t const length = strlen(text);
  if (length == 0) return refuse(row, text, "a path is needed");
  if (length >= NNT_PATH_SIZE) return refuse(row, text, "the path is too long");
  memcpy(out, text, length + 1);
  return NNT_OK;
}

static nnt_status parse_flag(const nnt_row *row, const char *text, bool *out)
{
  bool const yes = text == NULL || strcmp(text, "true") == 0;
  if (!yes && strcmp(text, "false") != 0) return refuse(row, text, "not true or false");
  *out = yes;
  return NNT_OK;
}

static nnt_status parse_hidden(const nnt_row *row, const char *text, nnt_config *config)
{
  enum { WIDTH_MAX = 1 << 24 };
  config->hidden_count = 0;
  if (strcmp(text, "none") == 0) return NNT_OK;
  for (char const *at = text;; at++) {
    uint64_t width = 0;
    if (!read_count(at, &at, &width) || width < 1 || width > WIDTH_MAX ||
        (*at != ',' && *at != '\0')) {
      return refuse(row, text, "not a list of widths from 1 to 16777216 such as 300,100, or none");
    }
    if (config->hidden_count == NNT_HIDDEN_MAX) return refuse(row, text, "more than 64 layers");
    config->hidden[config->hidden_count++] = (size_t)width;
    if (*at == '\0') return NNT_OK;
  }
}

static nnt_status parse_init(const nnt_row *row, const char *text, nnt_initializer *out)
{
  enum { KIND_SIZE = 32 };
  static double const usual_deviation = 0.05; /* of keras.initializers.RandomNormal */
  char kind[KIND_SIZE] = "";
  size_t const length = strcspn(text, ":");
  if (length < KIND_SIZE) memcpy(kind, text, length);
  int found = 0;
  NNT_TRY(parse_name(row, nnt_initializer_names, NNT_INITIALIZER_COUNT,
                     length < KIND_SIZE ? kind : text, &found));
  nnt_initializer value = {.kind = (nnt_initializer_kind)found};
  if (found == NNT_NORMAL) value.stddev = usual_deviation;
  if (text[length] == ':') {
    if (found != NNT_NORMAL) return refuse(row, text, "only normal takes a standard deviation");
    if (!read_real(text + length + 1, &value.stddev) || value.stddev <= 0.0 || value.stddev > 1e6) {
      return refuse(row, text, "the standard deviation is not a number above 0, up to 1e6");
    }
  }
  *out = value;
  return NNT_OK;
}

static nnt_status parse_validation(const nnt_row *row, const char *text, nnt_validation *out)
{
  nnt_validation value = {.kind = NNT_VALIDATION_HOLDOUT};
  char const *end = text;
  if (strcmp(text, "test") == 0) {
    value.kind = NNT_VALIDATION_TEST;
  } else if (strcmp(text, "none") == 0) {
    value.kind = NNT_VALIDATION_NONE;
  } else if (!read_count(text, &end, &value.samples) || *end != '\0' || value.samples == 0 ||
             value.samples > INT32_MAX) {
    return refuse(row, text, "not test, none or a whole number from 1 to 2147483647");
  }
  *out = value;
  return NNT_OK;
}

static nnt_status parse_interval(const nnt_row *row, const char *text, nnt_interval *out)
{
  static struct {
    char const *name;
    nnt_interval_unit unit;
    uint64_t factor;
  } const units[] = {
      {"", NNT_INTERVAL_STEPS, 1},        {"step", NNT_INTERVAL_STEPS, 1},
      {"steps", NNT_INTERVAL_STEPS, 1},   {"epoch", NNT_INTERVAL_EPOCHS, 1},
      {"epochs", NNT_INTERVAL_EPOCHS, 1}, {"s", NNT_INTERVAL_SECONDS, 1},
      {"min", NNT_INTERVAL_SECONDS, 60},
  };
  char const *end = text;
  uint64_t count = 0;
  if (strcmp(text, "auto") == 0) {
    *out = (nnt_interval){.unit = NNT_INTERVAL_AUTO};
    return NNT_OK;
  }
  if (read_count(text, &end, &count) && count >= 1) {
    char const *const unit = end + (end[strspn(end, " ")] == '\0' ? 0 : strspn(end, " "));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
      if (strcmp(unit, units[i].name) != 0 || count > INT32_MAX / units[i].factor) continue;
      *out = (nnt_interval){.unit = units[i].unit, .count = count * units[i].factor};
      return NNT_OK;
    }
  }
  return refuse(row, text, "not auto, 1 to 2147483647 steps, epochs or s, or 1 to 35791394 min");
}

static nnt_status parse_resume(const nnt_row *row, const char *text, nnt_resume *out)
{
  static struct {
    char const *name;
    nnt_resume_kind kind;
  } const words[] = {
      {"auto", NNT_RESUME_AUTO}, {"never", NNT_RESUME_NEVER}, {"require", NNT_RESUME_REQUIRE}};
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(text, words[i].name) != 0) continue;
    out->kind = words[i].kind;
    return NNT_OK;
  }
  out->kind = NNT_RESUME_FILE;
  return parse_path(row, text, out->file);
}

static nnt_status parse_time_limit(const nnt_row *row, const char *text, nnt_time_limit *out)
{
  nnt_time_limit value = {.kind = NNT_TIME_LIMIT_GIVEN};
  if (strcmp(text, "auto") == 0) {
    value.kind = NNT_TIME_LIMIT_AUTO;
  } else if (strcmp(text, "none") == 0) {
    value.kind = NNT_TIME_LIMIT_NONE;
  } else if (!nnt_duration_read(text, &value.seconds)) {
    return refuse(row, text,
                  "not auto, none or a time such as 90s, 50min, 3h, 2d, 2:30:00 or 1-12:00:00");
  }
  *out = value;
  return NNT_OK;
}

nnt_status nnt_row_parse(const nnt_row *row, const char *text, nnt_config *config)
{
  void *const out = member(config, row);
  if (text == NULL && row->type != NNT_TYPE_FLAG) {
    return nnt_fail(NNT_EUSAGE, "--%s needs a value, %s", row->option.name, row->option.value);
  }
  switch (row->type) {
  case NNT_TYPE_CHOICE:
    return parse_name(row, row->names, row->name_count, text, out);
  case NNT_TYPE_PATH:
    return parse_path(row, text, out);
  case NNT_TYPE_COUNT:
    return parse_count(row, text, out);
  case NNT_TYPE_REAL:
    return parse_real(row, text, out);
  case NNT_TYPE_FLAG:
    return parse_flag(row, text, out);
  case NNT_TYPE_HIDDEN:
    return parse_hidden(row, text, config);
  case NNT_TYPE_INIT:
    return parse_init(row, text, out);
  case NNT_TYPE_VALIDATION:
    return parse_validation(row, text, out);
  case NNT_TYPE_INTERVAL:
    return parse_interval(row, text, out);
  case NNT_TYPE_RESUME:
    return parse_resume(row, text, out);
  case NNT_TYPE_TIME_LIMIT:
    return parse_time_limit(row, text, out);
  }
  return nnt_fail(NNT_EINTERNAL, "option %s has no type", row->option.name);
}
