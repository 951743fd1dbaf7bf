/* Finding out where the ranks are: affinity masks, topology, control groups. */
#include "comm/placement.h"

#include <hwloc.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comm/private.h"
#include "comm/quota.h"

static bool is_in(const nnt_cpu_set *set, size_t cpu)
{
  return (set->word[cpu / NNT_CPUS_PER_WORD] >> (cpu % NNT_CPUS_PER_WORD) & 1U) == 1U;
}

int nnt_cpus_count(const nnt_cpu_set *set)
{
  int count = 0;
  for (size_t cpu = 0; cpu < NNT_CPUS_MAX; cpu++) {
    count += is_in(set, cpu);
  }
  return count;
}

int nnt_groups_count(const nnt_cpu_set *set, const uint16_t *group)
{
  bool seen[NNT_CPUS_MAX] = {false};
  int count = 0;
  for (size_t cpu = 0; cpu < NNT_CPUS_MAX; cpu++) {
    if (!is_in(set, cpu) || seen[group[cpu]]) continue;
    seen[group[cpu]] = true;
    count++;
  }
  return count;
}

int nnt_under_quota(int count, double quota)
{
  if (quota >= count) return count;
  return quota <= 1.0 ? 1 : (int)ceil(quota);
}

/* Each object of a kind gives its CPUs the number of its first one. */
static void number_groups(uint16_t *group, hwloc_topology_t topology, hwloc_obj_type_t kind)
{
  hwloc_obj_t it = NULL;
  while ((it = hwloc_get_next_obj_by_type(topology, kind, it)) != NULL) {
    int const first = hwloc_bitmap_first(it->cpuset);
    for (int cpu = first; cpu >= 0 && cpu < NNT_CPUS_MAX;
         cpu = hwloc_bitmap_next(it->cpuset, cpu)) {
      group[cpu] = (uint16_t)first;
    }
  }
}

void nnt_cpu_map_load(nnt_cpu_map *out)
{
  memset(out, 0, sizeof *out);
  for (size_t cpu = 0; cpu < NNT_CPUS_MAX; cpu++) {
    out->core[cpu] = (uint16_t)cpu;
  }
  hwloc_topology_t topology = NULL;
  if (hwloc_topology_init(&topology) != 0) return;
  if (hwloc_topology_load(topology) == 0) {
    number_groups(out->core, topology, HWLOC_OBJ_CORE);
    number_groups(out->numa, topology, HWLOC_OBJ_NUMANODE);
  }
  hwloc_topology_destroy(topology);
}

/* The CPUs that a process may use; none if that cannot be told. */
static void read_affinity(nnt_cpu_set *out, pid_t process)
{
  memset(out, 0, sizeof *out);
  if (sched_getaffinity(process, sizeof *out, (cpu_set_t *)out) != 0) memset(out, 0, sizeof *out);
}

static void read_own(nnt_cpu_set *out)
{
  read_affinity(out, 0);
  if (nnt_cpus_count(out) == 0) out->word[0] = 1;
}

/* And those of its launcher: mpirun, or its daemon on this node, which may use all that the job
 * may, while it binds each rank to a part. Any other parent says nothing of the job. */
static void add_launcher(nnt_cpu_set *set)
{
  if (getenv("OMPI_COMM_WORLD_SIZE") == NULL || getppid() == 0) return;
  nnt_cpu_set launcher;
  read_affinity(&launcher, getppid());
  for (size_t i = 0; i < sizeof set->word / sizeof *set->word; i++) {
    set->word[i] |= launcher.word[i];
  }
}

int nnt_tasks_most(const char *list)
{
  long most = 0;
  for (char const *at = list; at != NULL; at = strchr(at, ',')) {
    if (*at == ',') at++;
    long const tasks = strtol(at, NULL, 10);
    if (tasks > most && tasks <= INT_MAX) most = tasks;
  }
  return (int)most;
}

/* mpirun's ranks here against the CPUs that mpirun may use, since each rank may be bound to one. */
static bool is_crowded_by_mpirun(const char *ranks)
{
  nnt_cpu_set set;
  read_own(&set);
  add_launcher(&set);
  return strtol(ranks, NULL, 10) > nnt_under_quota(nnt_cpus_count(&set), nnt_cpu_quota(""));
}

/* srun's tasks against the CPUs that Slurm has granted, and those that are there. */
static bool is_crowded_by_srun(const char *tasks)
{
  char const *const granted = getenv("SLURM_CPUS_ON_NODE");
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  long const own = granted == NULL ? 0 : strtol(granted, NULL, 10);
  if (own > 0 && own < cpus) cpus = own;
  return nnt_tasks_most(tasks) > nnt_under_quota((int)cpus, nnt_cpu_quota(""));
}

bool nnt_node_is_crowded(void)
{
  char const *const ranks = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  if (ranks != NULL) return is_crowded_by_mpirun(ranks);
  char const *const tasks = getenv("SLURM_STEP_TASKS_PER_NODE");
  return tasks != NULL && is_crowded_by_srun(tasks);
}

bool nnt_job_is_on_one_node(void)
{
  char const *const ranks = getenv("OMPI_COMM_WORLD_SIZE");
  char const *const here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  char const *const nodes = getenv("SLURM_STEP_NUM_NODES");
  if (ranks != NULL && here != NULL) return strcmp(ranks, here) == 0;
  bool const is_alone = getenv("PMIX_RANK") == NULL && getenv("PMI_RANK") == NULL;
  return is_alone || (nodes != NULL && strcmp(nodes, "1") == 0);
}

/* A figure of this rank or node, and where its extremes go. */
typedef struct figure {
  nnt_span *span;
  int value;
} figure;

enum { FIGURES_MAX = 16 };

/* Collective. */
static void find_extremes(const nnt_comm *comm, const figure *figures, size_t count)
{
  int most[FIGURES_MAX] = {0};
  int least[FIGURES_MAX] = {0};
  for (size_t i = 0; i < count; i++) {
    most[i] = figures[i].value;
    least[i] = figures[i].value;
  }
  MPI_Allreduce(MPI_IN_PLACE, most, (int)count, MPI_INT, MPI_MAX, comm->mpi);
  MPI_Allreduce(MPI_IN_PLACE, least, (int)count, MPI_INT, MPI_MIN, comm->mpi);
  for (size_t i = 0; i < count; i++) {
    *figures[i].span = (nnt_span){.least = least[i], .most = most[i]};
  }
}

static void unite(nnt_cpu_set *set, MPI_Comm node)
{
  int const words = sizeof set->word / sizeof *set->word;
  MPI_Allreduce(MPI_IN_PLACE, set->word, words, MPI_UNSIGNED_LONG, MPI_BOR, node);
}

void nnt_placement_find(nnt_comm *comm)
{
  nnt_placement *const it = &comm->placement;
  nnt_cpu_set own;
  read_own(&own);
  nnt_cpu_set here = own;
  add_launcher(&here);
  nnt_cpu_set used = own;
  unite(&here, comm->node);
  unite(&used, comm->node);
  /* One rank reads the topology: on a large node that takes long enough not to do it on all. */
  nnt_cpu_map map;
  if (comm->node_rank == 0) nnt_cpu_map_load(&map);
  MPI_Bcast(&map, sizeof map, MPI_BYTE, 0, comm->node);
  double quota = nnt_cpu_quota("");
  MPI_Allreduce(MPI_IN_PLACE, &quota, 1, MPI_DOUBLE, MPI_MIN, comm->node);

  int ranks = 1;
  MPI_Comm_size(comm->node, &ranks);
  int const cores_here = nnt_groups_count(&here, map.core);
  int const cpus_used = nnt_cpus_count(&used);
  int const extra = ranks - nnt_under_quota(cpus_used, quota);
  comm->cores = nnt_under_quota(nnt_groups_count(&used, map.core), quota);
  comm->oversubscribed = extra > 0;
  figure const figures[] = {
      {&it->rank_cores, nnt_groups_count(&own, map.core)},
      {&it->ranks_here, ranks},
      {&it->cores_here, cores_here},
      {&it->cores_used, nnt_groups_count(&used, map.core)},
      {&it->cpus_used, cpus_used},
      {&it->numa_nodes, nnt_groups_count(&used, map.numa)},
      {&it->cores_busy, comm->cores},
      {&it->cores_idle, nnt_under_quota(cores_here, quota) - comm->cores},
      {&it->ranks_extra, extra > 0 ? extra : 0},
  };
  find_extremes(comm, figures, sizeof figures / sizeof *figures);
  MPI_Allreduce(MPI_IN_PLACE, &quota, 1, MPI_DOUBLE, MPI_MIN, comm->mpi);
  it->quota = quota;
  it->ranks = comm->size;
  it->nodes = comm->nodes;
}
