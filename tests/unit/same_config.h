/** Comparison of configurations. */
#ifndef UNIT_SAME_CONFIG_H
#define UNIT_SAME_CONFIG_H

#include <string.h>

#include "nntrain/config.h"

/** Do all options have the same values, from the same origins? */
static inline bool same_config(const nnt_config *a, const nnt_config *b)
{
  char text_a[NNT_VALUE_SIZE];
  char text_b[NNT_VALUE_SIZE];
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    nnt_config_text(a, (nnt_option_id)id, text_a);
    nnt_config_text(b, (nnt_option_id)id, text_b);
    if (strcmp(text_a, text_b) != 0 || a->origin[id] != b->origin[id]) return false;
  }
  return true;
}

#endif
