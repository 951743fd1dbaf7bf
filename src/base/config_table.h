/** The table of options as the files config*.c see it. */
#ifndef BASE_CONFIG_TABLE_H
#define BASE_CONFIG_TABLE_H

#include "nntrain/config.h"

/** How a value is read and written; each is the type of a member of nnt_config. */
typedef enum nnt_option_type {
  NNT_TYPE_CHOICE, /* int: an index into `names` */
  NNT_TYPE_PATH,   /* char[NNT_PATH_SIZE] */
  NNT_TYPE_COUNT,  /* uint64_t within `low` and `high`; 0 stands for "not set" if low is 1, and is
                      called names[0] if there are names */
  NNT_TYPE_REAL,   /* double within `least` and `most` */
  NNT_TYPE_FLAG,   /* bool */
  NNT_TYPE_HIDDEN, /* size_t[] and its length behind it */
  NNT_TYPE_INIT,   /* nnt_initializer */
  NNT_TYPE_VALIDATION, /* nnt_validation */
  NNT_TYPE_INTERVAL,   /* nnt_interval */
  NNT_TYPE_RESUME,     /* nnt_resume */
  NNT_TYPE_TIME_LIMIT  /* nnt_time_limit */
} nnt_option_type;

typedef struct nnt_row {
  nnt_option option;
  nnt_option_type type;
  size_t offset; /* of the member */
  size_t size;   /* of the member, or members */
  char const *const *names;
  size_t name_count;
  uint64_t low;
  uint64_t high;
  double least;
  double most;
} nnt_row;

/** The row of an option. Local; cannot fail. */
const nnt_row *nnt_row_at(nnt_option_id id);

/** Reads a value into its member, within its bounds. Local; NNT_EUSAGE. */
NNT_MUST_CHECK nnt_status nnt_row_parse(const nnt_row *row, const char *text, nnt_config *config);

/** The name that is nearest to `name` in spelling, or NULL if none is near.
 *  at [in] gives the i-th name
 *  Local; cannot fail. Source: Damerau 1964 (optimal string alignment). */
const char *nnt_nearest(const char *name, const char *(*at)(size_t i, const void *context),
                        size_t count, const void *context);

/** The shortest decimal that reads back as `value`. Local; cannot fail. */
void nnt_real_text(double value, char *out, size_t size);

#endif
