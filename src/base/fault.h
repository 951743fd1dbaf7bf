/** Faults on purpose, for tests: each point where ranks agree can be made to fail on one rank. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "nntrain/status.h"

#ifdef NNT_FAULTS
/** Fails with NNT_EINTERNAL if the environment says NNT_FAULT=<site>:<rank>. Exists only in builds
 *  with the CMake option NNT_FAULTS. Local. */
NNT_MUST_CHECK nnt_status nnt_fault(const char *site, int rank);

/** Is this the step in which something is to go wrong? Yes if the environment says
 *  NNT_FAULT=<site>:<rank>:<step>. Local; cannot fail. */
bool nnt_fault_at(const char *site, int rank, uint64_t step);
#else
static inline nnt_status nnt_fault(const char *site, int rank)
{
  (void)site;
  (void)rank;
  return NNT_OK;
}

static inline bool nnt_fault_at(const char *site, int rank, uint64_t step)
{
  (void)site;
  (void)rank;
  (void)step;
  return false;
}
#endif

#endif
