/** One run in a folder at a time: the file run.lock, and what makes sure that a run that has lost
 *  it writes nothing more.
 *
 *  Whether the holder of a lock lives is told by the kernel (flock), on its own machine and on file
 *  systems whose locks reach over all machines. A lock that is free, but comes from another
 *  machine, may be that of a living run on a file system whose locks do not reach so far: then it
 *  is watched for NNT_LOCK_SILENCE seconds. A living run renews its lock (nnt_lock_renew()), and
 *  what is renewed is a time of the file system, compared with itself only: clocks of machines
 *  differ. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "nntrain/store.h"
#include "store/holder.h"

#define NNT_LOCK_NAME "run.lock"

enum {
  NNT_LOCK_BEAT = 20,                   /* seconds: a living run renews its lock so often */
  NNT_LOCK_SILENCE = 3 * NNT_LOCK_BEAT, /* seconds: after three missed beats it is dead */
  NNT_LOCK_AGE = 300 /* seconds: older than any difference of clocks, so that watching is spared */
};

/** How to take a lock; all zeros will do. */
typedef struct nnt_lock_options {
  double silence;                                /* instead of NNT_LOCK_SILENCE */
  void (*tell)(void *context, const char *text); /* called once if there is a wait, with why */
  void *context;
} nnt_lock_options;

/** Takes the lock of a folder, which exists, and keeps it as long as the process lives. That of a
 *  dead run is taken over: at once if the kernel knows that it is dead; after 3 s if it has not
 *  been renewed for NNT_LOCK_AGE; otherwise after NNT_LOCK_SILENCE without a sign of life. Of
 *  several that try, one gets it.
 *  options [in] borrowed for the call
 *  Local; NNT_EBUSY (another run has it; who, and what to do), NNT_EIO, NNT_ENOMEM. The caller owns
 *  *out: nnt_lock_release(). */
NNT_MUST_CHECK nnt_status nnt_lock_take(nnt_lock **out, const char *folder,
                                        const nnt_lock_options *options);

/** Does the path of the folder still lead to this lock? To be asked before each change in the
 *  folder.
 *  lock [in] NULL: nobody asks for one
 *  Local, from any thread, together with the other functions that do not change the lock; NNT_EBUSY
 *  (another run has taken over, or the lock was removed: for ever lost), NNT_EIO (cannot be read
 *  now). */
NNT_MUST_CHECK nnt_status nnt_lock_check(const nnt_lock *lock);

/** Shows others that the run lives: checks the lock and sets its time of modification. To be called
 *  every NNT_LOCK_BEAT seconds, from a thread that does not wait for long writes.
 *  Local, from any thread, as nnt_lock_check(); NNT_EBUSY, NNT_EIO. */
NNT_MUST_CHECK nnt_status nnt_lock_renew(const nnt_lock *lock);

/** The run's id: 32 random hexadecimal digits, new with each lock.
 *  Local; cannot fail. Borrowed: valid as long as the lock. */
const char *nnt_lock_run(const nnt_lock *lock);

/** What a lock tells those who do not want it. */
typedef struct nnt_lock_sign {
  double age;     /* seconds since it was last renewed, by the clock of this machine */
  bool is_silent; /* for longer than that of a living run, also if clocks of machines differ */
  char holder[NNT_HOLDER_LINE_SIZE];
} nnt_lock_sign;

/** Looks at the lock of a folder, and changes nothing.
 *  Local; cannot fail: false if there is none that can be read. */
bool nnt_lock_look(const char *folder, nnt_lock_sign *out);

/** Removes the lock, also from a folder that has been moved; one that is lost is left alone. No
 *  other thread may use it any more.
 *  lock [in] may be NULL.
 *  Local; cannot fail: a file that cannot be removed is that of a dead run. */
void nnt_lock_release(nnt_lock *lock);

#endif
