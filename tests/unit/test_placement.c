/* CPUs, cores and NUMA nodes of made-up machines, and what is said about them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comm/placement.h"
#include "suite.h"

static nnt_cpu_map map;
static char text[NNT_MESSAGE_SIZE];

static nnt_cpu_set cpus(size_t first, size_t count)
{
  nnt_cpu_set set = {{0}};
  for (size_t cpu = first; cpu < first + count; cpu++) {
    set.word[cpu / NNT_CPUS_PER_WORD] |= 1UL << (cpu % NNT_CPUS_PER_WORD);
  }
  return set;
}

static void cpus_are_counted(void)
{
  nnt_cpu_set const none = cpus(0, 0);
  nnt_cpu_set const some = cpus(60, 10);
  nnt_cpu_set const all = cpus(0, NNT_CPUS_MAX);
  CU_ASSERT_EQUAL(nnt_cpus_count(&none), 0);
  CU_ASSERT_EQUAL(nnt_cpus_count(&some), 10);
  CU_ASSERT_EQUAL(nnt_cpus_count(&all), NNT_CPUS_MAX);
}

static void load(const char *machine)
{
  CU_ASSERT_EQUAL(setenv("HWLOC_SYNTHETIC", machine, 1), 0);
  nnt_cpu_map_load(&map);
  CU_ASSERT_EQUAL(unsetenv("HWLOC_SYNTHETIC"), 0);
}

static void expect_groups(size_t first, size_t count, int cores, int numa_nodes)
{
  nnt_cpu_set const set = cpus(first, count);
  CU_ASSERT_EQUAL(nnt_groups_count(&set, map.core), cores);
  CU_ASSERT_EQUAL(nnt_groups_count(&set, map.numa), numa_nodes);
}

/* Two sockets with memory of their own, four cores each, two hardware threads a core. */
static void cores_and_numa_nodes_are_counted(void)
{
  load("numa:2 core:4 pu:2");
  expect_groups(0, 16, 8, 2);
  expect_groups(0, 8, 4, 1);
  expect_groups(0, 1, 1, 1);
  expect_groups(0, 2, 1, 1);
  expect_groups(1, 2, 2, 1);
  expect_groups(7, 2, 2, 2);
  expect_groups(3, 0, 0, 0);
}

/* Linux often numbers the first threads of all cores before the second ones. */
static void numbering_of_cpus_does_not_matter(void)
{
  load("core:4 pu:2(indexes=0,4,1,5,2,6,3,7)");
  expect_groups(0, 8, 4, 1);
  expect_groups(0, 4, 4, 1);
  expect_groups(3, 2, 2, 1);
}

static void an_unknown_machine_has_a_core_for_each_cpu(void)
{
  load("no such machine");
  expect_groups(0, 2, 2, 1);
  load("core:2 pu:2");
  expect_groups(4, 3, 3, 1);
}

static void a_quota_is_rounded_up(void)
{
  CU_ASSERT_EQUAL(nnt_under_quota(8, (double)INFINITY), 8);
  CU_ASSERT_EQUAL(nnt_under_quota(8, 8.0), 8);
  CU_ASSERT_EQUAL(nnt_under_quota(8, 7.9), 8);
  CU_ASSERT_EQUAL(nnt_under_quota(8, 1.5), 2);
  CU_ASSERT_EQUAL(nnt_under_quota(8, 1.0), 1);
  CU_ASSERT_EQUAL(nnt_under_quota(8, 0.01), 1);
}

static void tasks_of_a_list_are_counted(void)
{
  CU_ASSERT_EQUAL(nnt_tasks_most("8"), 8);
  CU_ASSERT_EQUAL(nnt_tasks_most("8(x2)"), 8);
  CU_ASSERT_EQUAL(nnt_tasks_most("8(x2),3"), 8);
  CU_ASSERT_EQUAL(nnt_tasks_most("2,16(x3),3"), 16);
  CU_ASSERT_EQUAL(nnt_tasks_most(""), 0);
  CU_ASSERT_EQUAL(nnt_tasks_most("none"), 0);
  CU_ASSERT_EQUAL(nnt_tasks_most(",,"), 0);
  CU_ASSERT_EQUAL(nnt_tasks_most("-3,99999999999"), 0);
}

static bool crowded_with(const char *variable, const char *ranks, const char *granted)
{
  (void)unsetenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  (void)unsetenv("SLURM_STEP_TASKS_PER_NODE");
  (void)unsetenv("SLURM_CPUS_ON_NODE");
  if (variable != NULL) (void)setenv(variable, ranks, 1);
  if (granted != NULL) (void)setenv("SLURM_CPUS_ON_NODE", granted, 1);
  return nnt_node_is_crowded();
}

static void launchers_tell_of_too_many_ranks(void)
{
  CU_ASSERT_FALSE(crowded_with(NULL, NULL, NULL));
  CU_ASSERT_FALSE(crowded_with("OMPI_COMM_WORLD_LOCAL_SIZE", "1", NULL));
  CU_ASSERT(crowded_with("OMPI_COMM_WORLD_LOCAL_SIZE", "8193", NULL));
  CU_ASSERT_FALSE(crowded_with("SLURM_STEP_TASKS_PER_NODE", "1(x8193)", NULL));
  CU_ASSERT(crowded_with("SLURM_STEP_TASKS_PER_NODE", "8193", "9000"));
  CU_ASSERT(crowded_with("SLURM_STEP_TASKS_PER_NODE", "1,2(x3)", "1"));
  (void)crowded_with(NULL, NULL, NULL);
}

static bool on_one_node_with(const char *ranks, const char *here, const char *rank,
                             const char *nodes)
{
  char const *const names[] = {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMIX_RANK",
                               "SLURM_STEP_NUM_NODES", "PMI_RANK"};
  char const *const values[] = {ranks, here, rank, nodes, NULL};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    (void)unsetenv(names[i]);
    if (values[i] != NULL) (void)setenv(names[i], values[i], 1);
  }
  return nnt_job_is_on_one_node();
}

static void launchers_tell_of_nodes(void)
{
  CU_ASSERT(on_one_node_with("8", "8", "3", NULL));
  CU_ASSERT_FALSE(on_one_node_with("16", "8", "3", NULL));
  CU_ASSERT(on_one_node_with(NULL, NULL, "0", "1"));
  CU_ASSERT_FALSE(on_one_node_with(NULL, NULL, "0", "2"));
  CU_ASSERT_FALSE(on_one_node_with(NULL, NULL, "0", NULL));
  CU_ASSERT(on_one_node_with(NULL, NULL, NULL, "2"));
  CU_ASSERT(on_one_node_with(NULL, NULL, NULL, NULL));
}

/* One node: `ranks` ranks on `used` of `cores` cores, without binding or quota. */
static nnt_placement place(int ranks, int each, int used, int cores)
{
  int const extra = ranks > used ? ranks - used : 0;
  return (nnt_placement){.ranks = ranks,
                         .nodes = 1,
                         .rank_cores = {each, each},
                         .ranks_here = {ranks, ranks},
                         .cores_here = {cores, cores},
                         .cores_used = {used, used},
                         .cpus_used = {used, used},
                         .numa_nodes = {1, 1},
                         .cores_busy = {used, used},
                         .cores_idle = {cores - used, cores - used},
                         .ranks_extra = {extra, extra},
                         .quota = (double)INFINITY};
}

static const char *describe(nnt_placement it)
{
  nnt_placement_text(&it, text);
  return text;
}

static void one_line_says_where_ranks_are(void)
{
  CU_ASSERT_STRING_EQUAL(describe(place(1, 1, 1, 8)),
                         "1 rank on 1 node, on 1 of 8 cores, 1 NUMA node");
  CU_ASSERT_STRING_EQUAL(describe(place(2, 1, 2, 2)),
                         "2 ranks on 1 node, each on 1 of 2 cores, 1 NUMA node");
  CU_ASSERT_STRING_EQUAL(describe(place(1, 1, 1, 1)),
                         "1 rank on 1 node, on 1 of 1 core, 1 NUMA node");
  nnt_placement it = place(4, 8, 8, 8);
  it.cpus_used = (nnt_span){16, 16};
  it.numa_nodes = (nnt_span){2, 2};
  it.quota = 2.5;
  CU_ASSERT_STRING_EQUAL(describe(it), "4 ranks on 1 node, each on 8 of 8 cores (a CPU quota of "
                                       "2.5), 2 NUMA nodes, 16 hardware threads");
  it.quota = 16.0;
  CU_ASSERT_PTR_NULL(strstr(describe(it), "quota"));
}

static void several_nodes_may_differ(void)
{
  nnt_placement it = place(7, 1, 4, 8);
  it.nodes = 2;
  it.ranks_here = (nnt_span){3, 4};
  it.cores_here = (nnt_span){4, 8};
  it.rank_cores = (nnt_span){1, 2};
  CU_ASSERT_STRING_EQUAL(describe(it),
                         "7 ranks on 2 nodes, 3 to 4 a node, each on 1 to 2 of 4 to 8 "
                         "cores, 1 NUMA node a node");
}

/* The advice, or "" if there is none. */
static const char *advise(nnt_placement it, nnt_flaw flaw, size_t batch)
{
  return nnt_placement_advise(&it, flaw, batch, text) ? text : "";
}

static bool is_fine(nnt_placement it, size_t batch)
{
  bool fine = true;
  for (int i = 0; i < NNT_FLAW_COUNT; i++) {
    fine = fine && advise(it, (nnt_flaw)i, batch)[0] == '\0';
  }
  return fine;
}

static void nothing_is_said_about_what_is_fine(void)
{
  CU_ASSERT(is_fine(place(1, 1, 1, 1), 1));
  CU_ASSERT(is_fine(place(1, 8, 8, 8), 1));
  CU_ASSERT(is_fine(place(8, 1, 8, 8), 128));
  CU_ASSERT(is_fine(place(2, 1, 2, 2), 16));
  CU_ASSERT(is_fine(place(3, 2, 4, 4), 24));
  /* Two ranks on the two hardware threads of one core. */
  nnt_placement it = place(2, 1, 1, 1);
  it.cpus_used = (nnt_span){2, 2};
  it.ranks_extra = (nnt_span){0, 0};
  CU_ASSERT(is_fine(it, 128));
}

static void idle_cores_are_named(void)
{
  CU_ASSERT_STRING_EQUAL(
      advise(place(1, 1, 1, 8), NNT_FLAW_IDLE_CORES, 128),
      "the ranks are bound to 1 of 8 cores and leave the others idle: start more "
      "ranks, or mpirun with --bind-to none");
}

static void extra_ranks_are_named(void)
{
  CU_ASSERT_STRING_EQUAL(advise(place(8, 2, 2, 2), NNT_FLAW_EXTRA_RANKS, 128),
                         "8 ranks share 2 cores: 2 ranks would do as well");
  nnt_placement it = place(2, 8, 8, 8);
  it.quota = 0.5;
  it.cores_busy = (nnt_span){1, 1};
  it.ranks_extra = (nnt_span){1, 1};
  CU_ASSERT_STRING_EQUAL(advise(it, NNT_FLAW_EXTRA_RANKS, 128),
                         "2 ranks share 8 cores (a CPU quota of 0.5): 1 rank would do as well");
  it = place(16, 4, 4, 4);
  it.nodes = 2;
  it.ranks_here = (nnt_span){8, 8};
  CU_ASSERT_STRING_EQUAL(advise(it, NNT_FLAW_EXTRA_RANKS, 256),
                         "8 ranks a node share 4 cores: 4 ranks a node would do as well");
}

static void few_rows_are_named(void)
{
  CU_ASSERT_STRING_EQUAL(advise(place(8, 1, 8, 8), NNT_FLAW_FEW_ROWS, 63),
                         "8 ranks have fewer than 8 samples each of a batch of 63: 7 ranks or a "
                         "larger --batch-size would be faster");
  CU_ASSERT_STRING_EQUAL(advise(place(2, 1, 2, 2), NNT_FLAW_FEW_ROWS, 3),
                         "2 ranks have fewer than 8 samples each of a batch of 3: 1 rank or a "
                         "larger --batch-size would be faster");
}

/* 32 ranks on 4 cores, batch 128: four ranks, which is the advice, have 32 rows. */
static void one_remedy_is_said_once(void)
{
  CU_ASSERT_STRING_NOT_EQUAL(advise(place(32, 4, 4, 4), NNT_FLAW_EXTRA_RANKS, 128), "");
  CU_ASSERT_STRING_EQUAL(advise(place(32, 4, 4, 4), NNT_FLAW_FEW_ROWS, 128), "");
  CU_ASSERT_STRING_NOT_EQUAL(advise(place(32, 4, 4, 4), NNT_FLAW_FEW_ROWS, 31), "");
}

static CU_TestInfo tests[] = {
    {"CPUs are counted", cpus_are_counted},
    {"cores and NUMA nodes are counted", cores_and_numa_nodes_are_counted},
    {"numbering of CPUs does not matter", numbering_of_cpus_does_not_matter},
    {"an unknown machine has a core for each CPU", an_unknown_machine_has_a_core_for_each_cpu},
    {"a quota is rounded up", a_quota_is_rounded_up},
    {"tasks of a list are counted", tasks_of_a_list_are_counted},
    {"launchers tell of too many ranks", launchers_tell_of_too_many_ranks},
    {"launchers tell of nodes", launchers_tell_of_nodes},
    {"one line says where ranks are", one_line_says_where_ranks_are},
    {"several nodes may differ", several_nodes_may_differ},
    {"nothing is said about what is fine", nothing_is_said_about_what_is_fine},
    {"idle cores are named", idle_cores_are_named},
    {"extra ranks are named", extra_ranks_are_named},
    {"few rows are named", few_rows_are_named},
    {"one remedy is said once", one_remedy_is_said_once},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("placement", tests);
