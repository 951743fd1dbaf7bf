#include "base/fault.h"

#ifdef NNT_FAULTS
#include <stdlib.h>
#include <string.h>

nnt_status nnt_fault(const char *site, int rank)
{
  char const *const wanted = getenv("NNT_FAULT");
  size_t const length = strlen(site);
  if (wanted == NULL || strncmp(wanted, site, length) != 0 || wanted[length] != ':') return NNT_OK;
  if (strtol(wanted + length + 1, NULL, 10) != rank) return NNT_OK;
  return nnt_fail(NNT_EINTERNAL, "injected fault '%s'", site);
}
#endif
