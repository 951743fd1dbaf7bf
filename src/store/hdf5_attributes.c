#include "store/hdf5_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* More does not fit into an object header of the old format. */
enum { TEXT_SIZE_MAX = 60000 };

/* count [in] NULL: a scalar */
static nnt_status put(hid_t file, const char *path, const char *name, hid_t stored, hid_t given,
                      const hsize_t *count, const void *data)
{
  hid_t const space = count == NULL ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, count, NULL);
  hid_t attribute = H5I_INVALID_HID;
  if (stored >= 0 && space >= 0) {
    attribute =
        H5Acreate_by_name(file, path, name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  }
  bool good = attribute >= 0;
  if (good && (count == NULL || *count > 0)) good = H5Awrite(attribute, given, data) >= 0;
  if (attribute >= 0) (void)H5Aclose(attribute);
  if (space >= 0) (void)H5Sclose(space);
  if (good) return NNT_OK;
  return nnt_fail(NNT_EINTERNAL, "HDF5 cannot write the attribute %s of %s", name, path);
}

/* Takes over `type`. */
static nnt_status put_and_close(hid_t file, const char *path, const char *name, hid_t type,
                                const hsize_t *count, const void *data)
{
  nnt_status const status = put(file, path, name, type, type, count, data);
  if (type >= 0) (void)H5Tclose(type);
  return status;
}

static hid_t text_type(size_t size, H5T_cset_t cset)
{
  hid_t const type = H5Tcopy(H5T_C_S1);
  if (type < 0) return type;
  bool good = H5Tset_size(type, size) >= 0 && H5Tset_cset(type, cset) >= 0;
  if (good && size != H5T_VARIABLE) good = H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0;
  if (good) return type;
  (void)H5Tclose(type);
  return H5I_INVALID_HID;
}

static H5T_cset_t cset_of(const char *text)
{
  for (; *text != '\0'; text++) {
    if ((unsigned char)*text >= 128) return H5T_CSET_UTF8;
  }
  return H5T_CSET_ASCII;
}

nnt_status nnt_h5_put_text(hid_t file, const char *path, const char *name, const char *text)
{
  size_t const length = strlen(text);
  if (length > TEXT_SIZE_MAX) {
    hid_t const variable = text_type(H5T_VARIABLE, cset_of(text));
    return put_and_close(file, path, name, variable, NULL, (const void *)&text);
  }
  /* HDF5 has no text of size 0; one NUL reads as "". */
  hid_t const fixed = text_type(length == 0 ? 1 : length, cset_of(text));
  return put_and_close(file, path, name, fixed, NULL, text);
}

nnt_status nnt_h5_put_texts(hid_t file, const char *path, const char *name,
                            const char *const *texts, size_t count)
{
  size_t size = 1;
  for (size_t i = 0; i < count; i++) {
    if (strlen(texts[i]) > size) size = strlen(texts[i]);
  }
  size_t bytes = 0;
  if (!nnt_size_multiply(count, size, &bytes) || bytes > TEXT_SIZE_MAX) {
    return nnt_fail(NNT_EINTERNAL, "the names in %s need more than %d bytes", path, TEXT_SIZE_MAX);
  }
  char *const table = calloc(bytes + 1, 1);
  if (table == NULL) return nnt_fail(NNT_ENOMEM, "no memory for the names in %s", path);
  for (size_t i = 0; i < count; i++) {
    memcpy(table + i * size, texts[i], strlen(texts[i]));
  }
  hsize_t const entries = count;
  hid_t const type = text_type(size, H5T_CSET_ASCII);
  nnt_status const status = put_and_close(file, path, name, type, &entries, table);
  free(table);
  return status;
}

nnt_status nnt_h5_put_u64(hid_t file, const char *path, const char *name, uint64_t number)
{
  return put(file, path, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, NULL, &number);
}

nnt_status nnt_h5_put_f64(hid_t file, const char *path, const char *name, double number)
{
  return put(file, path, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, NULL, &number);
}

nnt_status nnt_h5_put_utf8(hid_t file, const char *path, const char *name, const char *text)
{
  hid_t const type = text_type(H5T_VARIABLE, H5T_CSET_UTF8);
  return put_and_close(file, path, name, type, NULL, (const void *)&text);
}

nnt_status nnt_h5_put_utf8s(hid_t file, const char *path, const char *name,
                            const char *const *texts, size_t count)
{
  hsize_t const entries = count;
  hid_t const type = text_type(H5T_VARIABLE, H5T_CSET_UTF8);
  return put_and_close(file, path, name, type, &entries, (const void *)texts);
}
