#include "comm/quota.h"

#include <math.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nntrain/types.h"

enum { LINE_SIZE = NNT_PATH_SIZE };

/* The first line of a file; "" if there is none. */
static void read_line(const char *folder, const char *name, char line[LINE_SIZE])
{
  char path[NNT_PATH_SIZE];
  line[0] = '\0';
  int const length = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (length < 0 || (size_t)length >= sizeof path) return;
  FILE *const file = fopen(path, "r");
  if (file == NULL) return;
  if (fgets(line, LINE_SIZE, file) == NULL) line[0] = '\0';
  (void)fclose(file);
}

/* quota / period, both in microseconds; "max", -1 and what is no number set no limit. */
static double ratio(const char *quota, const char *period)
{
  double const granted = strtod(quota, NULL);
  double const whole = strtod(period, NULL);
  return granted > 0.0 && whole > 0.0 ? granted / whole : (double)INFINITY;
}

static double read_version_2(const char *folder)
{
  char line[LINE_SIZE];
  read_line(folder, "cpu.max", line);
  char const *const period = strchr(line, ' ');
  return period == NULL ? (double)INFINITY : ratio(line, period);
}

static double read_version_1(const char *folder)
{
  char quota[LINE_SIZE];
  char period[LINE_SIZE];
  read_line(folder, "cpu.cfs_quota_us", quota);
  read_line(folder, "cpu.cfs_period_us", period);
  return ratio(quota, period);
}

/* The number behind a key in a file of lines "key value"; 0 if there is none. */
static double read_value(const char *folder, const char *name, const char *key)
{
  char path[NNT_PATH_SIZE];
  int const length = snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *const file = length > 0 && (size_t)length < sizeof path ? fopen(path, "r") : (FILE *)NULL;
  double value = 0.0;
  char line[LINE_SIZE];
  size_t const size = strlen(key);
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, key, size) == 0 && (line[size] == ' ' || line[size] == ':')) {
      value = strtod(line + size + 1, NULL);
      break;
    }
  }
  if (file != NULL) (void)fclose(file);
  return fmax(value, 0.0);
}

/* What a group may still take: its limit, less what it has and cannot give back. Files that are
 * kept in memory are given back, but for those that are nothing else than memory. */
static double memory_left(const char *folder, const char *limit, const char *used,
                          const char *file_key, const char *shared_key)
{
  char line[LINE_SIZE];
  read_line(folder, limit, line);
  char *end = line;
  double const granted = strtod(line, &end);
  if (end == line) return (double)INFINITY;
  read_line(folder, used, line);
  double const files = read_value(folder, "memory.stat", file_key);
  double const kept = fmin(read_value(folder, "memory.stat", shared_key), files);
  return fmax(granted - fmax(strtod(line, NULL) - files + kept, 0.0), 0.0);
}

static double memory_version_2(const char *folder)
{
  return memory_left(folder, "memory.max", "memory.current", "file", "shmem");
}

static double memory_version_1(const char *folder)
{
  return memory_left(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache",
                     "total_shmem");
}

/* A hierarchy of groups: how its mount and the process's place in it are recognised. */
typedef struct hierarchy {
  char const *file_system;
  char const *controller; /* "" is that of version 2, which has all of them */
  double (*read_quota)(const char *folder);
} hierarchy;

enum { VERSIONS = 2 };
static hierarchy const cpu[VERSIONS] = {{"cgroup2", "", read_version_2},
                                        {"cgroup", "cpu", read_version_1}};
static hierarchy const memory[VERSIONS] = {{"cgroup2", "", memory_version_2},
                                           {"cgroup", "memory", memory_version_1}};

static bool has_word(const char *list, const char *word)
{
  size_t const length = strlen(word);
  while (list != NULL) {
    if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0')) {
      return true;
    }
    list = strchr(list, ',');
    if (list != NULL) list++;
  }
  return false;
}

/* The process's group, from the lines "number:controllers:path" of /proc/self/cgroup. */
static bool find_group(const char *root, const hierarchy *it, char group[LINE_SIZE])
{
  char path[NNT_PATH_SIZE];
  (void)snprintf(path, sizeof path, "%.1024s/proc/self/cgroup", root);
  FILE *const file = fopen(path, "r");
  bool found = false;
  char line[LINE_SIZE];
  while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *const controllers = strchr(line, ':');
    char *const name = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (name == NULL) continue;
    *name = '\0';
    found = has_word(controllers + 1, it->controller);
    if (found) memcpy(group, name + 1, strlen(name + 1) + 1);
  }
  if (file != NULL) (void)fclose(file);
  return found;
}

/* Where the hierarchy is mounted. */
static bool find_mount(const char *root, const hierarchy *it, char mount[LINE_SIZE])
{
  char path[NNT_PATH_SIZE];
  (void)snprintf(path, sizeof path, "%.1024s/proc/self/mounts", root);
  FILE *const file = setmntent(path, "r");
  if (file == NULL) return false;
  bool found = false;
  for (struct mntent *at = getmntent(file); at != NULL && !found; at = getmntent(file)) {
    found = strcmp(at->mnt_type, it->file_system) == 0 &&
            (it->controller[0] == '\0' || hasmntopt(at, it->controller) != NULL);
    if (found) (void)snprintf(mount, LINE_SIZE, "%.1024s%.1024s", root, at->mnt_dir);
  }
  (void)endmntent(file);
  return found;
}

/* The folder of the group. A container may see only a part of the tree under the mount, and the
 * path begins above it: then the longest end of the path that exists is the group. */
static void find_folder(const char *mount, const char *group, char folder[LINE_SIZE])
{
  for (char const *end = group; end != NULL; end = strchr(end + 1, '/')) {
    int const length = snprintf(folder, LINE_SIZE, "%s%s", mount, end);
    if (length > 0 && length < LINE_SIZE && access(folder, F_OK) == 0) return;
  }
  (void)snprintf(folder, LINE_SIZE, "%s", mount);
}

static double smallest_quota(const char *root, const hierarchy *it)
{
  char group[LINE_SIZE];
  char mount[LINE_SIZE];
  char folder[LINE_SIZE];
  double smallest = (double)INFINITY;
  if (!find_group(root, it, group) || !find_mount(root, it, mount)) return smallest;
  find_folder(mount, group, folder);
  for (size_t length = strlen(folder); length >= strlen(mount);) {
    smallest = fmin(smallest, it->read_quota(folder));
    while (length > 0 && folder[--length] != '/') {
    }
    folder[length] = '\0';
    if (length == 0) break;
  }
  return smallest;
}

static double smallest_of(const char *root, const hierarchy versions[VERSIONS])
{
  return fmin(smallest_quota(root, &versions[0]), smallest_quota(root, &versions[1]));
}

double nnt_cpu_quota(const char *root) { return smallest_of(root, cpu); }

double nnt_memory_available(const char *root)
{
  char folder[LINE_SIZE];
  (void)snprintf(folder, sizeof folder, "%.1024s/proc", root);
  double const kibibyte = 1024.0;
  double const free = read_value(folder, "meminfo", "MemAvailable") * kibibyte;
  double const swap = read_value(folder, "meminfo", "SwapFree") * kibibyte;
  return fmin(free > 0.0 ? free + swap : (double)INFINITY, smallest_of(root, memory));
}
