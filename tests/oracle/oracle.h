/** Repeats a training run of real Keras and compares everything that Keras reported. */
#ifndef ORACLE_ORACLE_H
#define ORACLE_ORACLE_H

/** Trains as <NNT_SHARED>/oracles/<name> says, on all ranks, and asserts that step losses, epoch
 *  losses, accuracies, the test figures and the final weights are within the tolerances recommended
 *  there. Says that it is skipped where the oracle is missing. Collective. */
void check_oracle(const char *name);

#endif
