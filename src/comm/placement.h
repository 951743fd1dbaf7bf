/** Which CPUs, cores and NUMA nodes the ranks of a node may use. */
#ifndef COMM_PLACEMENT_H
#define COMM_PLACEMENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/comm.h"

enum { NNT_CPUS_MAX = 8192 }; /* as many as Linux can have */

/** A set of CPUs (hardware threads), as sched_getaffinity() fills it in. */
enum { NNT_CPUS_PER_WORD = sizeof(unsigned long) * CHAR_BIT };
typedef struct nnt_cpu_set {
  unsigned long word[NNT_CPUS_MAX / NNT_CPUS_PER_WORD];
} nnt_cpu_set;

/** What each CPU belongs to: the first CPU of its core and of its NUMA node. */
typedef struct nnt_cpu_map {
  uint16_t core[NNT_CPUS_MAX];
  uint16_t numa[NNT_CPUS_MAX];
} nnt_cpu_map;

/** The map of this machine; where it cannot be told, each CPU is a core, and all are in NUMA node
 *  0.
 *  Local; cannot fail. */
void nnt_cpu_map_load(nnt_cpu_map *out);

/** The number of CPUs in a set. Local; cannot fail. */
int nnt_cpus_count(const nnt_cpu_set *set);

/** The number of different cores or NUMA nodes that the CPUs of a set belong to.
 *  group [in] (NNT_CPUS_MAX) a member of nnt_cpu_map
 *  Local; cannot fail. */
int nnt_groups_count(const nnt_cpu_set *set, const uint16_t *group);

/** `count` CPUs under a quota: at most the quota, rounded up; at least 1. Local; cannot fail. */
int nnt_under_quota(int count, double quota);

/** The largest number of tasks on a node, from a list such as Slurm's "8(x2),3": two nodes with 8
 *  and one with 3. 0 for what is no such list.
 *  Local; cannot fail. */
int nnt_tasks_most(const char *list);

/** Does the launcher start more ranks on this node than it has CPUs for? What can be told before
 *  MPI has started, from the environment that mpirun or srun gives; false without either.
 *  Local; cannot fail. */
bool nnt_node_is_crowded(void);

/** Are all ranks of the job on this node? From the environment that mpirun or srun gives; false if
 *  it cannot be told.
 *  Local; cannot fail. */
bool nnt_job_is_on_one_node(void);

/** Fills in what `comm` knows of its placement. Collective; cannot fail. */
void nnt_placement_find(nnt_comm *comm);

#endif
