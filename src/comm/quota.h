/** The CPU time and the memory that control groups leave to a process, as containers and batch
 *  systems set them. */
#ifndef COMM_QUOTA_H
#define COMM_QUOTA_H

/** The smallest CPU quota of the process's control group and of the groups above it, in CPUs;
 *  infinity if there is none.
 *
 *  quota / period of cpu.max (version 2) or of cpu.cfs_quota_us and cpu.cfs_period_us (version 1).
 *  root [in] the folder that holds proc/ and the mounted groups; "" but in tests
 *  Local; cannot fail: what cannot be read limits nothing.
 *  Source: Linux, admin-guide/cgroup-v2 and scheduler/sched-bwc. */
double nnt_cpu_quota(const char *root);

/** The memory that the process may still take, in bytes: what is left to its control group and to
 *  the groups above it (memory.max less memory.current in version 2, memory.limit_in_bytes less
 *  memory.usage_in_bytes in version 1, without files that are kept in memory), and at most what the
 *  machine has (MemAvailable and SwapFree). Infinity if nothing of it can be read.
 *  root [in] as above
 *  Local; cannot fail. Source: Linux, admin-guide/cgroup-v2, cgroup-v1/memory, proc(5). */
double nnt_memory_available(const char *root);

#endif
