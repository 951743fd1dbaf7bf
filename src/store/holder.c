#include "store/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static char const heading[] =
    "nntrain writes to this folder; do not remove this file while it does\n";

static struct {
  char const *key;
  size_t offset;
} const fields[] = {
    {"host", offsetof(nnt_holder, host)},    {"pid", offsetof(nnt_holder, process)},
    {"boot id", offsetof(nnt_holder, boot)}, {"job", offsetof(nnt_holder, job)},
    {"run id", offsetof(nnt_holder, run)},   {"since", offsetof(nnt_holder, since)},
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

/* Takes over a value from outside: nothing, if it is too long or not printable. */
static void take_value(const char *value, size_t length, char out[NNT_HOLDER_FIELD_SIZE])
{
  out[0] = '\0';
  if (length >= NNT_HOLDER_FIELD_SIZE) return;
  for (size_t i = 0; i < length; i++) {
    if (value[i] < ' ' || value[i] > '~') return;
  }
  memcpy(out, value, length);
  out[length] = '\0';
}

static void read_boot(char out[NNT_HOLDER_FIELD_SIZE])
{
  char text[NNT_HOLDER_FIELD_SIZE];
  int const file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  ssize_t const bytes = file < 0 ? 0 : read(file, text, sizeof text);
  if (file >= 0) (void)close(file);
  size_t length = 0;
  while ((ssize_t)length < bytes && text[length] != '\n') {
    length++;
  }
  take_value(text, length, out);
}

static void read_job(char out[NNT_HOLDER_FIELD_SIZE])
{
  static char const *const variables[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"};
  out[0] = '\0';
  for (size_t i = 0; i < sizeof variables / sizeof *variables && out[0] == '\0'; i++) {
    char const *const value = getenv(variables[i]);
    if (value != NULL) take_value(value, strlen(value), out);
  }
}

nnt_status nnt_holder_init(nnt_holder *out)
{
  uint64_t random[2] = {0, 0};
  char host[NNT_HOLDER_FIELD_SIZE] = "";
  struct tm now;
  time_t const seconds = time(NULL);
  memset(out, 0, sizeof *out);
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
    return nnt_fail(NNT_EIO, "no random numbers for a run id: %s", strerror(errno));
  }
  (void)snprintf(out->run, sizeof out->run, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
  if (gethostname(host, sizeof host - 1) == 0) take_value(host, strlen(host), out->host);
  (void)snprintf(out->process, sizeof out->process, "%ld", (long)getpid());
  read_boot(out->boot);
  read_job(out->job);
  if (gmtime_r(&seconds, &now) != NULL) {
    (void)strftime(out->since, sizeof out->since, "%Y-%m-%dT%H:%M:%SZ", &now);
  }
  return NNT_OK;
}

size_t nnt_holder_print(const nnt_holder *holder, char text[NNT_HOLDER_TEXT_SIZE])
{
  size_t length = sizeof heading - 1;
  memcpy(text, heading, sizeof heading);
  for (size_t i = 0; i < FIELD_COUNT; i++) {
    char const *const value = (const char *)holder + fields[i].offset;
    if (value[0] == '\0') continue;
    int const added =
        snprintf(text + length, NNT_HOLDER_TEXT_SIZE - length, "%s: %s\n", fields[i].key, value);
    if (added > 0) length += (size_t)added;
  }
  return length;
}

static bool is_run_id(const char *text)
{
  size_t const digits = NNT_RUN_ID_SIZE - 1;
  return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

/* A line "<key>: <value>". */
static void take_line(const char *line, size_t length, nnt_holder *out)
{
  for (size_t i = 0; i < FIELD_COUNT; i++) {
    size_t const key = strlen(fields[i].key);
    if (length < key + 2 || memcmp(line, fields[i].key, key) != 0) continue;
    if (memcmp(line + key, ": ", 2) != 0) continue;
    take_value(line + key + 2, length - key - 2, (char *)out + fields[i].offset);
  }
}

bool nnt_holder_parse(const char *text, size_t length, nnt_holder *out)
{
  memset(out, 0, sizeof *out);
  while (length > 0) {
    char const *const newline = memchr(text, '\n', length);
    if (newline == NULL) break; /* A line that is still being written. */
    size_t const line = (size_t)(newline - text);
    take_line(text, line, out);
    text += line + 1;
    length -= line + 1;
  }
  return is_run_id(out->run);
}

void nnt_holder_describe(const nnt_holder *holder, char text[NNT_HOLDER_LINE_SIZE])
{
  bool const has_job = holder->job[0] != '\0';
  (void)snprintf(text, NNT_HOLDER_LINE_SIZE, "pid %.20s on %.64s%s%.64s, since %.32s, run id %.32s",
                 holder->process, holder->host, has_job ? ", job " : "", holder->job, holder->since,
                 holder->run);
}

/* A line of /proc/<pid>/status: is the process dead, or has it been sent SIGKILL? */
static bool tells_end(const char *line)
{
  uint64_t const kill_bit = (uint64_t)1 << (SIGKILL - 1);
  if (strncmp(line, "State:", 6) == 0) {
    char const state = line[6 + strspn(line + 6, "\t ")];
    return state == 'Z' || state == 'X';
  }
  if (strncmp(line, "SigPnd:", 7) != 0 && strncmp(line, "ShdPnd:", 7) != 0) return false;
  return (strtoull(line + 7, NULL, 16) & kill_bit) != 0;
}

bool nnt_holder_is_ending(const nnt_holder *holder, const nnt_holder *self)
{
  char path[32 + NNT_HOLDER_FIELD_SIZE];
  char line[256];
  char const *const pid = holder->process;
  bool const is_here = self->boot[0] != '\0' && strcmp(holder->boot, self->boot) == 0;
  if (!is_here || pid[0] == '\0' || pid[strspn(pid, "0123456789")] != '\0') return false;
  (void)snprintf(path, sizeof path, "/proc/%s/status", pid);
  FILE *const file = fopen(path, "r");
  if (file == NULL) return errno == ENOENT;
  bool ending = false;
  while (!ending && fgets(line, sizeof line, file) != NULL) {
    ending = tells_end(line);
  }
  (void)fclose(file);
  return ending;
}
