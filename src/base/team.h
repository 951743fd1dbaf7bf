/** Workers over shared memory: threads of a process, processes of a node, or both.
 *
 *  All workers go through the same phases, round after round. A phase has a fixed number of tasks;
 *  whoever comes first claims one, so that a worker the system does not run holds nobody up. The
 *  last one to finish a task closes the phase, and then all go on. A worker that comes late to a
 *  phase finds it done. Which worker does a task never matters for the result. Waiting spins
 *  shortly, if every worker has a core, and then sleeps in the kernel (futex). */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NNT_TEAM_PHASES_MAX = 8 };

/** A worker's process's view of the team. Plain data. */
typedef struct nnt_team {
  char *memory; /* shared by all workers, borrowed */
  size_t phases;
  size_t tasks[NNT_TEAM_PHASES_MAX]; /* of each phase, at least 1 */
  size_t workers;
  size_t active; /* workers 0 .. active-1 claim tasks; the others only follow, and cost little */
  bool spins;    /* every active worker has a core: waiting spins shortly before it sleeps */
} nnt_team;

/** Bytes of memory that phases need for so many active workers. Local; cannot fail. */
size_t nnt_team_bytes(size_t phases, size_t active);

/** What one worker does in a phase. */
typedef struct nnt_team_work {
  size_t phase;
  uint32_t round; /* 1 the first time this phase is run, and one more each time */
  size_t worker;
  void *context;
  void (*task)(void *context, size_t worker, size_t task);
  void (*close)(void *context); /* by the worker that ends the last task; or NULL */
} nnt_team_work;

/** Does tasks of the phase as long as there are unclaimed ones: first those of the worker's own
 *  part [worker * tasks / active, ...), so that data stay in its cache, then others'.
 *  Local; cannot fail. */
void nnt_team_do(const nnt_team *team, const nnt_team_work *work);

/** Counts the calling worker's part of the phase as done, and waits for the others: a barrier, for
 *  phases with a task for each worker. work->task is not looked at.
 *  Local; cannot fail. */
void nnt_team_meet(const nnt_team *team, const nnt_team_work *work);

/** Waits until all tasks of the phase are done and it is closed: what they wrote is then visible.
 *  Local; cannot fail. */
void nnt_team_wait(const nnt_team *team, const nnt_team_work *work);

#endif
