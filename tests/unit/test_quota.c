/* CPU quotas in made-up trees of control groups. */
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "comm/quota.h"
#include "suite.h"

enum { ROOM = 512 };

static char root[] = "/tmp/nntrain-quota-XXXXXX";

/* A file below the root, with the folders on its way. */
static void put(const char *path, const char *content)
{
  char name[ROOM];
  (void)snprintf(name, sizeof name, "%s/%s", root, path);
  for (char *at = strchr(name + sizeof root, '/'); at != NULL; at = strchr(at + 1, '/')) {
    *at = '\0';
    (void)mkdir(name, 0700);
    *at = '/';
  }
  FILE *const file = fopen(name, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT(fputs(content, file) >= 0);
  CU_ASSERT_EQUAL(fclose(file), 0);
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *walk)
{
  (void)about;
  (void)type;
  (void)walk;
  return remove(path);
}

static int make_root(void) { return mkdtemp(root) == NULL; }

static int remove_root(void) { return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS); }

static void clear(void)
{
  CU_ASSERT_EQUAL(remove_root(), 0);
  CU_ASSERT_EQUAL(mkdir(root, 0700), 0);
}

/* As on a machine of today. */
static void mount_version_2(const char *group)
{
  clear();
  put("proc/self/mounts", "proc /proc proc rw 0 0\n"
                          "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n");
  put("proc/self/cgroup", group);
  put("sys/fs/cgroup/cpu.stat", "");
}

/* As on an older machine: a hierarchy of its own for each controller. */
static void mount_version_1(const char *group)
{
  clear();
  put("proc/self/mounts", "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
                          "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\n"
                          "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
                          "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n");
  put("proc/self/cgroup", group);
}

static void a_quota_of_the_own_group_counts(void)
{
  mount_version_2("0::/job/step\n");
  put("sys/fs/cgroup/job/step/cpu.max", "150000 100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 1.5);
}

static void the_smallest_quota_on_the_way_up_counts(void)
{
  mount_version_2("0::/a/b/c\n");
  put("sys/fs/cgroup/cpu.max", "800000 100000\n");
  put("sys/fs/cgroup/a/cpu.max", "20000 10000\n");
  put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
  put("sys/fs/cgroup/a/b/c/d/cpu.max", "1000 100000\n");
  put("sys/fs/cgroup/other/cpu.max", "1000 100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 2.0);
}

static void a_container_is_at_the_root_of_what_it_sees(void)
{
  mount_version_2("0::/\n");
  put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 0.5);
}

static void version_1_has_two_files(void)
{
  mount_version_1("9:cpuset:/\n4:cpuacct,cpu:/docker/1f/sub\n0::/init.scope\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/1f/sub/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/1f/sub/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_quota_us", "300000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_period_us", "100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 3.0);
}

/* The mount shows docker/1f as its root, but the process's path is that of the host. */
static void a_container_may_see_a_part_of_the_path(void)
{
  mount_version_1("4:cpu,cpuacct:/docker/1f/sub\n");
  put("sys/fs/cgroup/cpu,cpuacct/sub/cpu.cfs_quota_us", "250000\n");
  put("sys/fs/cgroup/cpu,cpuacct/sub/cpu.cfs_period_us", "100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 2.5);
  mount_version_1("4:cpu,cpuacct:/docker/1f\n");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "125000\n");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 1.25);
}

/* A controller belongs to one of the two, a quota may be in either. */
static void both_versions_may_be_mounted(void)
{
  mount_version_1("4:cpu:/a\n0::/b\n");
  put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "400000\n");
  put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/unified/b/cpu.max", "350000 100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 3.5);
}

static void another_controller_is_not_cpu(void)
{
  mount_version_1("9:cpuset:/a\n5:cpuacct:/a\n");
  put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "100000\n");
  put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  CU_ASSERT(isinf(nnt_cpu_quota(root)));
}

static void names_with_blanks_are_read(void)
{
  clear();
  put("proc/self/mounts", "cgroup2 /sys/fs/control\\040groups cgroup2 rw 0 0\n");
  put("proc/self/cgroup", "0::/my job: one\n");
  put("sys/fs/control groups/my job: one/cpu.max", "700000 100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 7.0);
}

static void what_cannot_be_read_limits_nothing(void)
{
  static char const *const contents[] = {"max 100000\n", "max\n",      "",      "100000\n",
                                         "-1 100000\n",  "0 100000\n", "x y\n", "100000 0\n"};
  clear();
  CU_ASSERT(isinf(nnt_cpu_quota(root)));
  put("proc/self/cgroup", "nonsense\n0:\n0::/a\n");
  CU_ASSERT(isinf(nnt_cpu_quota(root)));
  put("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  CU_ASSERT(isinf(nnt_cpu_quota(root)));
  for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
    put("sys/fs/cgroup/a/cpu.max", contents[i]);
    CU_ASSERT(isinf(nnt_cpu_quota(root)));
  }
  put("sys/fs/cgroup/a/cpu.max", "100000 100000\n");
  CU_ASSERT_EQUAL(nnt_cpu_quota(root), 1.0);
}

/* As the kernel writes it, with numbers in KiB. */
static void put_machine(const char *free, const char *swap)
{
  char text[ROOM];
  (void)snprintf(text, sizeof text,
                 "MemTotal:       32000000 kB\nMemFree:          100000 kB\nMemAvailable:   %s kB\n"
                 "SwapTotal:       4000000 kB\nSwapFree:        %s kB\n",
                 free, swap);
  put("proc/meminfo", text);
}

static void the_machine_has_memory_and_swap(void)
{
  clear();
  CU_ASSERT(isinf(nnt_memory_available(root)));
  put_machine("20000", "3000");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 23000.0 * 1024.0);
}

/* Files that are kept in memory can go, but for those that are nothing but memory. */
static void a_group_of_version_2_has_what_is_left(void)
{
  mount_version_2("0::/job/step\n");
  put_machine("20000000", "0");
  put("sys/fs/cgroup/job/step/memory.max", "1000000\n");
  put("sys/fs/cgroup/job/step/memory.current", "700000\n");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 300000.0);
  put("sys/fs/cgroup/job/step/memory.stat", "anon 100000\nfile 500000\nshmem 150000\n");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 650000.0);
  put("sys/fs/cgroup/job/memory.max", "max\n");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 650000.0);
  put("sys/fs/cgroup/job/memory.max", "9000\n");
  put("sys/fs/cgroup/job/memory.current", "10000\n");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 0.0);
}

static void a_group_of_version_1_has_what_is_left(void)
{
  clear();
  put_machine("20000000", "0");
  put("proc/self/mounts", "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n");
  put("proc/self/cgroup", "8:memory:/docker/1f\n");
  put("sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes", "2000000\n");
  put("sys/fs/cgroup/memory/docker/1f/memory.usage_in_bytes", "1500000\n");
  put("sys/fs/cgroup/memory/docker/1f/memory.stat",
      "cache 7\nshmem 7\ntotal_cache 600000\ntotal_shmem 100000\n");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 1000000.0);
  /* Without a limit the kernel writes a huge one. */
  put("sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes", "9223372036854771712\n");
  CU_ASSERT_EQUAL(nnt_memory_available(root), 20000000.0 * 1024.0);
}

static void this_machine_has_memory(void)
{
  CU_ASSERT(nnt_memory_available("") > 1048576.0);
  CU_ASSERT(isfinite(nnt_memory_available("")));
}

static void this_machine_has_a_quota_or_none(void) { CU_ASSERT(nnt_cpu_quota("") > 0.0); }

static CU_TestInfo tests[] = {
    {"a quota of the own group counts", a_quota_of_the_own_group_counts},
    {"the smallest quota on the way up counts", the_smallest_quota_on_the_way_up_counts},
    {"a container is at the root of what it sees", a_container_is_at_the_root_of_what_it_sees},
    {"version 1 has two files", version_1_has_two_files},
    {"a container may see a part of the path", a_container_may_see_a_part_of_the_path},
    {"both versions may be mounted", both_versions_may_be_mounted},
    {"another controller is not cpu", another_controller_is_not_cpu},
    {"names with blanks are read", names_with_blanks_are_read},
    {"what cannot be read limits nothing", what_cannot_be_read_limits_nothing},
    {"the machine has memory and swap", the_machine_has_memory_and_swap},
    {"a group of version 2 has what is left", a_group_of_version_2_has_what_is_left},
    {"a group of version 1 has what is left", a_group_of_version_1_has_what_is_left},
    {"this machine has memory", this_machine_has_memory},
    {"this machine has a quota or none", this_machine_has_a_quota_or_none},
    CU_TEST_INFO_NULL,
};

CU_SuiteInfo test_suites[] = {{"quota", make_root, remove_root, NULL, NULL, tests},
                              CU_SUITE_INFO_NULL};
