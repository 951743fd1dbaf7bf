#include "store/hdf5_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/trailer.h"

static uint64_t const file_size_max = UINT64_C(1) << 36;
enum { READ_MAX = 1 << 30 };

static nnt_status read_at(int file, void *to, size_t bytes, off_t from, const char *name)
{
  char *next = to;
  while (bytes > 0) {
    ssize_t const got = pread(file, next, bytes < READ_MAX ? bytes : READ_MAX, from);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return nnt_fail(NNT_EIO, "cannot read %s: %s", name, strerror(errno));
    if (got == 0) return nnt_fail(NNT_EIO, "cannot read %s: it became shorter meanwhile", name);
    next += got;
    from += got;
    bytes -= (size_t)got;
  }
  return NNT_OK;
}

/* The trailer is looked at before memory for the data is allocated. */
static nnt_status read_trailer(nnt_h5_source *out, int file, uint64_t size, nnt_h5_trailer wanted,
                               unsigned char trailer[NNT_TRAILER_SIZE])
{
  if (size > NNT_TRAILER_SIZE) {
    off_t const at = (off_t)(size - NNT_TRAILER_SIZE);
    NNT_TRY(read_at(file, trailer, NNT_TRAILER_SIZE, at, out->name));
    out->has_trailer = nnt_trailer_fits(trailer, size);
  }
  if (out->has_trailer || wanted == NNT_TRAILER_OPTIONAL) return NNT_OK;
  return nnt_fail(out->bad,
                  "%s is cut short, or is no checkpoint of nntrain: its trailer is missing",
                  out->name);
}

static nnt_status load(nnt_h5_source *out, int file, nnt_h5_trailer wanted)
{
  struct stat facts;
  if (fstat(file, &facts) != 0) {
    return nnt_fail(NNT_EIO, "cannot read %s: %s", out->name, strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) {
    return nnt_fail(NNT_EIO, "cannot read %s: it is not a regular file", out->name);
  }
  uint64_t const size = (uint64_t)facts.st_size;
  if (size == 0 || size > file_size_max) {
    return nnt_fail(out->bad, "%s has %" PRIu64 " bytes; 1 to %" PRIu64 " are accepted", out->name,
                    size, file_size_max);
  }
  unsigned char trailer[NNT_TRAILER_SIZE] = {0};
  NNT_TRY(read_trailer(out, file, size, wanted, trailer));
  out->byte_count = (size_t)size - (out->has_trailer ? NNT_TRAILER_SIZE : 0);
  out->bytes = malloc(out->byte_count);
  if (out->bytes == NULL) {
    return nnt_fail(NNT_ENOMEM, "no memory to read %s (%zu bytes)", out->name, out->byte_count);
  }
  NNT_TRY(read_at(file, out->bytes, out->byte_count, 0, out->name));
  if (!out->has_trailer) return NNT_OK;
  out->step = nnt_trailer_step(trailer);
  return nnt_trailer_check(trailer, out->bytes, out->byte_count, out->name);
}

/* HDF5 works on a copy of ours: what has passed the check cannot change any more.
 * H5LTopen_file_image() would spare the copy, but leaks a block at each call. */
static hid_t open_image(void *bytes, size_t count)
{
  enum { INCREMENT = 1 << 16 };
  /* The name must be that of no file, and of no other image that is open. */
  char name[64];
  (void)snprintf(name, sizeof name, "/dev/null/%p", bytes);
  hid_t const access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  hid_t file = H5I_INVALID_HID;
  if (H5Pset_fapl_core(access, INCREMENT, false) >= 0 &&
      H5Pset_file_image(access, bytes, count) >= 0) {
    file = H5Fopen(name, H5F_ACC_RDONLY, access);
  }
  (void)H5Pclose(access);
  return file;
}

nnt_status nnt_h5_source_open(nnt_h5_source *out, const char *path, nnt_status bad,
                              nnt_h5_trailer trailer)
{
  *out = (nnt_h5_source){.name = path, .bad = bad, .file = H5I_INVALID_HID};
  /* O_NONBLOCK: a named pipe under this name must not stop the run. */
  int const file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return nnt_fail(NNT_EIO, "cannot open %s: %s", path, strerror(errno));
  nnt_status status = load(out, file, trailer);
  (void)close(file);
  if (status == NNT_OK) {
    out->file = open_image(out->bytes, out->byte_count);
    if (out->file < 0) status = nnt_fail(bad, "%s is not an HDF5 file, or is damaged", path);
  }
  if (status != NNT_OK) nnt_h5_source_close(out);
  return status;
}

void nnt_h5_source_close(nnt_h5_source *source)
{
  if (source->file >= 0) (void)H5Fclose(source->file);
  free(source->bytes);
  source->file = H5I_INVALID_HID;
  source->bytes = NULL;
}
