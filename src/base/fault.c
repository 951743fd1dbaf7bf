#include "base/fault.h"

#ifdef NNT_FAULTS
#include <stdlib.h>
#include <string.h>

/* What NNT_FAULT says behind "<site>:<rank>", or NULL if it is about something else. */
static const char *wanted_for(const char *site, int rank)
{
  char const *const wanted = getenv("NNT_FAULT");
  size_t const length = strlen(site);
  if (wanted == NULL || strncmp(wanted, site, length) != 0 || wanted[length] != ':') return NULL;
  char *end = NULL;
  return strtol(wanted + length + 1, &end, 10) == rank ? end : NULL;
}

nnt_status nnt_fault(const char *site, int rank)
{
  if (wanted_for(site, rank) == NULL) return NNT_OK;
  return nnt_fail(NNT_EINTERNAL, "injected fault '%s'", site);
}

bool nnt_fault_at(const char *site, int rank, uint64_t step)
{
  char const *const when = wanted_for(site, rank);
  return when != NULL && when[0] == ':' && strtoull(when + 1, NULL, 10) == step;
}
#endif
