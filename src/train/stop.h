/** Requests to stop, by signal. */
#ifndef TRAIN_STOP_H
#define TRAIN_STOP_H

#include <stdbool.h>

/** From now on SIGUSR1, SIGUSR2, SIGTERM, SIGINT and SIGXCPU are remembered as a request to stop;
 *  the second one of a kind does what it does by default.
 *  Local; cannot fail. */
void nnt_stop_listen(void);

/** Back to what signals do by default. Local; cannot fail. */
void nnt_stop_unlisten(void);

/** The signal that asked for a stop, or 0. Local; cannot fail. */
int nnt_stop_requested(void);

#endif
