#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/hdf5_read.h"
#include "store/results_layout.h"

static nnt_status get_status(const nnt_h5_source *source, nnt_run_status *out)
{
  char *text = NULL;
  NNT_TRY(nnt_h5_get_text(source, "/", "status", &text));
  int const found = nnt_name_find(nnt_run_status_names, NNT_RUN_STATUS_COUNT, text);
  free(text);
  if (found < 0) return nnt_fail(source->bad, "%s has an unknown status", source->name);
  *out = (nnt_run_status)found;
  return NNT_OK;
}

/* A text of at most size - 1 bytes. */
static nnt_status get_short_text(const nnt_h5_source *source, const char *name, char *out,
                                 size_t size)
{
  char *text = NULL;
  NNT_TRY(nnt_h5_get_text(source, "/", name, &text));
  size_t const length = strlen(text);
  bool const good = length < size;
  if (good) memcpy(out, text, length + 1);
  free(text);
  return good ? NNT_OK : nnt_fail(source->bad, "%s: its %s is too long", source->name, name);
}

/* The first files had none. */
static nnt_status get_run_id(const nnt_h5_source *source, nnt_results_summary *out)
{
  bool has = false;
  out->run_id[0] = '\0';
  NNT_TRY(nnt_h5_has(source, "/", "run_id", &has));
  return has ? get_short_text(source, "run_id", out->run_id, sizeof out->run_id) : NNT_OK;
}

static nnt_status get_summary(const nnt_h5_source *source, nnt_results_summary *out)
{
  bool evaluated = false;
  NNT_TRY(get_status(source, &out->status));
  NNT_TRY(get_short_text(source, "parameter_digest", out->parameter_digest,
                         sizeof out->parameter_digest));
  NNT_TRY(get_run_id(source, out));
  NNT_TRY(nnt_h5_find(source, "/evaluation", &evaluated));
  out->test_loss = (double)NAN;
  out->test_accuracy = (double)NAN;
  if (!evaluated) return NNT_OK;
  NNT_TRY(nnt_h5_get_f64(source, "/evaluation", "loss", &out->test_loss));
  return nnt_h5_get_f64(source, "/evaluation", "accuracy", &out->test_accuracy);
}

nnt_status nnt_results_read(const char *path, nnt_results_summary *out)
{
  nnt_h5_source source;
  NNT_TRY(nnt_h5_source_open(&source, path, NNT_EDATA, NNT_TRAILER_OPTIONAL));
  nnt_status const status = get_summary(&source, out);
  nnt_h5_source_close(&source);
  return status;
}
