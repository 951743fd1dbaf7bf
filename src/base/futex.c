#include "base/futex.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not FUTEX_PRIVATE_FLAG: processes may share the word. */
void nnt_futex_wake(_Atomic uint32_t *word)
{
  (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void nnt_futex_sleep(_Atomic uint32_t *word, uint32_t value)
{
  (void)syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}
