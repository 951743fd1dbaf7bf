/** The CPU time that control groups leave to a process, as containers and batch systems set it. */
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

#endif
