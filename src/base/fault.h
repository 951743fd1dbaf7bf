/** Faults on purpose, for tests: each point where ranks agree can be made to fail on one rank. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "nntrain/status.h"

#ifdef NNT_FAULTS
/** Fails with NNT_EINTERNAL if the environment says NNT_FAULT=<site>:<rank>. Exists only in builds
 *  with the CMake option NNT_FAULTS. Local. */
NNT_MUST_CHECK nnt_status nnt_fault(const char *site, int rank);
#else
static inline nnt_status nnt_fault(const char *site, int rank)
{
  (void)site;
  (void)rank;
  return NNT_OK;
}
#endif

#endif
