/* What ranks find out about where they are, against what the system tells each of them. */
#include <mpi.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "comm/placement.h"
#include "comm/private.h"
#include "comm/quota.h"
#include "suite.h"

/* The CPUs of all ranks together, as the system tells it. */
static int count_cpus(const cpu_set_t *own)
{
  cpu_set_t all = *own;
  MPI_Allreduce(MPI_IN_PLACE, &all, sizeof all, MPI_BYTE, MPI_BOR, MPI_COMM_WORLD);
  return CPU_COUNT(&all);
}

static bool is_ordered(nnt_span span) { return span.least >= 1 && span.least <= span.most; }

static void ranks_know_where_they_are(void)
{
  int const size = nnt_comm_size(test_comm);
  nnt_placement const it = *nnt_comm_placement(test_comm);
  cpu_set_t own;
  bool const known = sched_getaffinity(0, sizeof own, &own) == 0;
  int const cpus = count_cpus(&own);
  char text[NNT_MESSAGE_SIZE] = "";
  char first[NNT_MESSAGE_SIZE] = "";
  nnt_placement_text(&it, text);
  memcpy(first, text, sizeof first);
  MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);

  CU_ASSERT(known);
  CU_ASSERT_STRING_EQUAL(text, first);
  CU_ASSERT_EQUAL(it.ranks, size);
  CU_ASSERT_EQUAL(it.nodes, 1);
  CU_ASSERT_EQUAL(it.ranks_here.least, size);
  CU_ASSERT_EQUAL(it.ranks_here.most, size);
  CU_ASSERT_EQUAL(it.cpus_used.most, cpus);
  CU_ASSERT(is_ordered(it.rank_cores));
  CU_ASSERT(is_ordered(it.numa_nodes));
  CU_ASSERT(it.rank_cores.most <= it.cores_used.most);
  CU_ASSERT(it.cores_used.most <= it.cpus_used.most);
  CU_ASSERT(it.cores_used.most <= it.cores_here.most);
  CU_ASSERT_EQUAL(it.cores_busy.most, nnt_comm_cores(test_comm));
}

/* As mpirun binds: the mask of each rank is a part of that of the launcher. */
static void binding_is_seen(void)
{
  nnt_comm bound = *test_comm;
  cpu_set_t before;
  cpu_set_t one;
  bool good = sched_getaffinity(0, sizeof before, &before) == 0;
  CPU_ZERO(&one);
  for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  good = good && sched_setaffinity(0, sizeof one, &one) == 0;
  nnt_placement_find(&bound);
  int const cpus = count_cpus(&one);
  good = good && sched_setaffinity(0, sizeof before, &before) == 0;
  nnt_cpu_set launcher;
  memset(&launcher, 0, sizeof launcher);
  good = good && sched_getaffinity(getppid(), sizeof launcher, (cpu_set_t *)&launcher) == 0;
  nnt_cpu_map map;
  nnt_cpu_map_load(&map);

  nnt_placement const *const it = &bound.placement;
  CU_ASSERT(good);
  CU_ASSERT_EQUAL(it->rank_cores.most, 1);
  CU_ASSERT_EQUAL(it->cpus_used.most, cpus);
  CU_ASSERT_EQUAL(it->cores_here.most, nnt_groups_count(&launcher, map.core));
  CU_ASSERT_EQUAL(bound.cores, nnt_under_quota(it->cores_used.most, it->quota));
  CU_ASSERT_EQUAL(it->cores_idle.most,
                  nnt_under_quota(it->cores_here.most, it->quota) - bound.cores);
  int const extra = bound.size - nnt_under_quota(cpus, it->quota);
  CU_ASSERT_EQUAL(it->ranks_extra.most, extra > 0 ? extra : 0);
  CU_ASSERT_EQUAL(bound.oversubscribed, extra > 0);
}

static void a_quota_limits_the_cores(void)
{
  double const quota = nnt_cpu_quota("");
  CU_ASSERT_EQUAL(nnt_comm_placement(test_comm)->quota, quota);
  CU_ASSERT(nnt_comm_cores(test_comm) < quota + 1.0);
  CU_ASSERT(nnt_comm_cores(test_comm) >= 1);
}

static CU_TestInfo tests[] = {
    {"ranks know where they are", ranks_know_where_they_are},
    {"binding is seen", binding_is_seen},
    {"a quota limits the cores", a_quota_limits_the_cores},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("affinity", tests);
