#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nntrain/comm.h"
#include "nntrain/kernels.h"
#include "store/atomic_file.h"
#include "store/checkpoint_layout.h"
#include "store/results_layout.h"

enum { PATH_SIZE = 512, INCREMENT = 1 << 20, EPOCHS_PER_CHUNK = 64 };
enum { PHASE_COLUMNS = sizeof(nnt_phase) / sizeof(double) };

char const *const nnt_run_status_names[NNT_RUN_STATUS_COUNT] = {
    [NNT_RUN_RUNNING] = "running",
    [NNT_RUN_COMPLETE] = "complete",
    [NNT_RUN_STOPPED] = "stopped",
    [NNT_RUN_FAILED] = "failed",
};

nnt_status nnt_scale_put(hid_t file, const char *path, size_t rows, int64_t first,
                         const nnt_h5_array *like)
{
  void *numbers = NULL;
  NNT_TRY(nnt_memory_create(&numbers, rows, sizeof(int64_t), "the numbers of rows"));
  for (size_t i = 0; i < rows; i++) {
    ((int64_t *)numbers)[i] = first + (int64_t)i;
  }
  nnt_h5_array array = *like;
  array.given = H5T_NATIVE_INT64;
  array.rank = 1;
  array.shape[0] = rows;
  array.data = numbers;
  nnt_status const status = nnt_h5_put_array(file, path, &array);
  free(numbers);
  if (status != NNT_OK) return status;
  hid_t const scale = H5Dopen2(file, path, H5P_DEFAULT);
  bool const good = scale >= 0 && H5DSset_scale(scale, strrchr(path, '/') + 1) >= 0;
  if (scale >= 0) (void)H5Dclose(scale);
  return good ? NNT_OK : nnt_fail(NNT_EINTERNAL, "HDF5 cannot make %s a dimension scale", path);
}

nnt_status nnt_scale_attach(hid_t file, const char *path, const char *scale, unsigned dimension)
{
  hid_t const dataset = H5Dopen2(file, path, H5P_DEFAULT);
  hid_t const counts = H5Dopen2(file, scale, H5P_DEFAULT);
  bool const good =
      dataset >= 0 && counts >= 0 && H5DSattach_scale(dataset, counts, dimension) >= 0;
  if (dataset >= 0) (void)H5Dclose(dataset);
  if (counts >= 0) (void)H5Dclose(counts);
  return good ? NNT_OK : nnt_fail(NNT_EINTERNAL, "HDF5 cannot attach %s to %s", scale, path);
}

nnt_status nnt_texts_put(hid_t file, const char *path, const char *const *texts, size_t count,
                         const char *scale)
{
  hid_t const type = H5Tcopy(H5T_C_S1);
  bool const good =
      type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
  nnt_h5_array const array = {
      .stored = type, .given = type, .rank = 1, .shape = {count, 0}, .data = texts};
  nnt_status const status = good ? nnt_h5_put_array(file, path, &array)
                                 : nnt_fail(NNT_EINTERNAL, "HDF5 has no type for text");
  if (type >= 0) (void)H5Tclose(type);
  NNT_TRY(status);
  return nnt_scale_attach(file, path, scale, 0);
}

/* A column of a table, and what it says about itself. */
typedef struct column {
  char const *name;
  char const *long_name;
  char const *units;
} column;

static column const epoch_columns[NNT_EPOCH_COLUMNS] = {
    {"loss", "training loss, mean over the samples before each update", "nat"},
    {"accuracy", "training accuracy, before each update", "1"},
    {"val_loss", "validation loss after the epoch", "nat"},
    {"val_accuracy", "validation accuracy after the epoch", "1"},
    {"learning_rate", "learning rate", "1"},
    {"seconds", "wall time of the epoch", "s"},
};

static column const step_columns[NNT_STEP_COLUMNS] = {
    {"loss", "loss of the batch before its update", "nat"},
    {"accuracy", "accuracy on the batch before its update", "1"},
    {"learning_rate", "learning rate of the update", "1"},
};

static column const phase_columns[PHASE_COLUMNS] = {
    {"min", "shortest time of a rank in the phase", "s"},
    {"median", "median over ranks of the time in the phase", "s"},
    {"max", "longest time of a rank in the phase", "s"},
    {"seconds", "mean over ranks of the time in the phase", "s"},
};

/* Writes the columns of a table, each counted by the scale. */
static nnt_status put_columns(hid_t file, const char *group, const char *scale,
                              const nnt_h5_array *table, const column *columns)
{
  for (size_t c = 0; c < table->columns; c++) {
    char path[PATH_SIZE];
    nnt_h5_array array = *table;
    array.column = c;
    (void)snprintf(path, sizeof path, "%s/%s", group, columns[c].name);
    NNT_TRY(nnt_h5_put_array(file, path, &array));
    NNT_TRY(nnt_h5_put_utf8(file, path, "long_name", columns[c].long_name));
    NNT_TRY(nnt_h5_put_utf8(file, path, "units", columns[c].units));
    NNT_TRY(nnt_scale_attach(file, path, scale, 0));
  }
  return NNT_OK;
}

static nnt_status put_epochs(hid_t file, const nnt_history *history)
{
  char const *const axes[] = {"epoch"};
  char const *const others[] = {"val_loss"};
  nnt_h5_array const table = {.stored = H5T_IEEE_F64LE,
                              .given = H5T_NATIVE_DOUBLE,
                              .rank = 1,
                              .shape = {history->epoch_count, 0},
                              .data = history->epochs,
                              .columns = NNT_EPOCH_COLUMNS,
                              .chunk = EPOCHS_PER_CHUNK,
                              .unlimited = true};
  nnt_h5_array const numbers = {
      .stored = H5T_STD_I32LE, .chunk = EPOCHS_PER_CHUNK, .unlimited = true};
  NNT_TRY(nnt_h5_put_group(file, "/history", true));
  NNT_TRY(nnt_h5_put_utf8(file, "/history", "NX_class", "NXdata"));
  NNT_TRY(nnt_h5_put_utf8(file, "/history", "signal", "loss"));
  NNT_TRY(nnt_h5_put_utf8s(file, "/history", "axes", axes, 1));
  NNT_TRY(nnt_h5_put_utf8s(file, "/history", "auxiliary_signals", others, 1));
  NNT_TRY(nnt_scale_put(file, "/history/epoch", history->epoch_count, 1, &numbers));
  return put_columns(file, "/history", "/history/epoch", &table, epoch_columns);
}

static nnt_status put_steps(hid_t file, const nnt_history *history)
{
  nnt_h5_array const table = {.stored = H5T_IEEE_F32LE,
                              .given = H5T_NATIVE_FLOAT,
                              .rank = 1,
                              .shape = {history->step_count, 0},
                              .data = history->steps,
                              .columns = NNT_STEP_COLUMNS};
  nnt_h5_array const numbers = {.stored = H5T_STD_I64LE};
  NNT_TRY(nnt_h5_put_group(file, "/steps", true));
  NNT_TRY(nnt_scale_put(file, "/steps/step", history->step_count, 1, &numbers));
  return put_columns(file, "/steps", "/steps/step", &table, step_columns);
}

static nnt_status put_config(hid_t file, const nnt_results *results)
{
  NNT_TRY(nnt_h5_put_group(file, "/config", true));
  for (size_t i = 0; i < results->setting_count; i++) {
    nnt_setting const *const setting = &results->settings[i];
    NNT_TRY(nnt_h5_put_utf8(file, "/config", setting->name, setting->value));
  }
  return NNT_OK;
}

static nnt_status put_phases(hid_t file, const nnt_results *results)
{
  char const *const axes[] = {"phase"};
  char const *const others[] = {"min", "max"};
  nnt_h5_array const table = {.stored = H5T_IEEE_F64LE,
                              .given = H5T_NATIVE_DOUBLE,
                              .rank = 1,
                              .shape = {results->phase_count, 0},
                              .data = results->phases,
                              .columns = PHASE_COLUMNS};
  nnt_h5_array const numbers = {.stored = H5T_STD_I32LE};
  NNT_TRY(nnt_h5_put_group(file, "/phases", true));
  NNT_TRY(nnt_h5_put_utf8(file, "/phases", "NX_class", "NXdata"));
  NNT_TRY(nnt_h5_put_utf8(file, "/phases", "signal", "median"));
  NNT_TRY(nnt_h5_put_utf8s(file, "/phases", "axes", axes, 1));
  NNT_TRY(nnt_h5_put_utf8s(file, "/phases", "auxiliary_signals", others, 2));
  NNT_TRY(nnt_h5_put_u64(file, "/phases", "n_ranks", (uint64_t)results->ranks));
  NNT_TRY(nnt_h5_put_utf8(file, "/phases", "advice", results->advice));
  NNT_TRY(nnt_scale_put(file, "/phases/phase", results->phase_count, 0, &numbers));
  NNT_TRY(nnt_texts_put(file, "/phases/name", results->phase_names, results->phase_count,
                        "/phases/phase"));
  return put_columns(file, "/phases", "/phases/phase", &table, phase_columns);
}

static nnt_status put_peak_memory(hid_t file, const nnt_peak_memory *peak)
{
  NNT_TRY(nnt_h5_put_u64(file, "/", "peak_memory_bytes_min", peak->min));
  NNT_TRY(nnt_h5_put_u64(file, "/", "peak_memory_bytes_median", peak->median));
  return nnt_h5_put_u64(file, "/", "peak_memory_bytes_max", peak->max);
}

static nnt_status put_root(hid_t file, const nnt_results *results)
{
  NNT_TRY(nnt_h5_put_utf8(file, "/", "NX_class", "NXroot"));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "default", "history"));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "status", nnt_run_status_names[results->status]));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "nntrain_version", nnt_store_version));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "hdf5_version", H5_VERS_INFO));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "mpi_version", nnt_comm_version()));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "blas_version", nnt_blas_version()));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "blas_core", nnt_blas_core()));
  NNT_TRY(nnt_h5_put_u64(file, "/", "microbatches", results->microbatches));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "data", results->data_description));
  NNT_TRY(nnt_h5_put_utf8(file, "/", "data_digest", results->data_digest));
  if (results->run_id != NULL) NNT_TRY(nnt_h5_put_utf8(file, "/", "run_id", results->run_id));
  if (results->peak_memory != NULL) NNT_TRY(put_peak_memory(file, results->peak_memory));
  return nnt_h5_put_utf8(file, "/", "parameter_digest", results->parameter_digest);
}

static nnt_status put_all(hid_t file, const nnt_results *results)
{
  NNT_TRY(put_root(file, results));
  NNT_TRY(put_epochs(file, results->history));
  NNT_TRY(put_steps(file, results->history));
  if (results->evaluation != NULL) NNT_TRY(nnt_evaluation_put(file, results->evaluation));
  NNT_TRY(put_config(file, results));
  return put_phases(file, results);
}

static nnt_status write_file(hid_t file, const char *path, const nnt_lock *lock)
{
  void const *data = NULL;
  size_t bytes = 0;
  NNT_TRY(nnt_h5_image(file, &data, &bytes));
  nnt_piece const piece = {data, bytes};
  return nnt_file_replace(path, lock, &piece, 1, false);
}

nnt_status nnt_results_write(const char *path, const nnt_lock *lock, const nnt_results *results)
{
  hid_t file = H5I_INVALID_HID;
  NNT_TRY(nnt_h5_image_create(&file, INCREMENT, true));
  nnt_status status = put_all(file, results);
  if (status == NNT_OK) status = write_file(file, path, lock);
  (void)H5Fclose(file);
  return status;
}
