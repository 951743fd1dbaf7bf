#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/hdf5_heap.h"
#include "store/hdf5_read.h"

enum { TEXTS_MAX = 65536, TEXT_SIZE_MAX = 64 << 20, PARTS_MAX = 4096 };

/* An open attribute, its type and the number of its values. */
typedef struct attribute {
  hid_t id;
  hid_t type;
  size_t count;
} attribute;

static nnt_status is_bad(const nnt_h5_source *source, const char *path, const char *name,
                         const char *what)
{
  return nnt_fail(source->bad, "%s: the attribute %s of %s %s", source->name, name, path, what);
}

void nnt_texts_free(nnt_texts *texts)
{
  for (size_t i = 0; i < texts->count; i++) {
    free(texts->text[i]);
  }
  free(texts->text);
  *texts = (nnt_texts){0};
}

static void close_attribute(attribute *it)
{
  if (it->type >= 0) (void)H5Tclose(it->type);
  if (it->id >= 0) (void)H5Aclose(it->id);
}

nnt_status nnt_h5_has(const nnt_h5_source *source, const char *path, const char *name, bool *has)
{
  htri_t const exists = H5Aexists_by_name(source->file, path, name, H5P_DEFAULT);
  *has = exists > 0;
  return exists >= 0 ? NNT_OK : is_bad(source, path, name, "cannot be looked for");
}

static nnt_status open_attribute(const nnt_h5_source *source, const char *path, const char *name,
                                 attribute *out)
{
  bool has = false;
  NNT_TRY(nnt_h5_has(source, path, name, &has));
  if (!has) return is_bad(source, path, name, "is missing");
  *out = (attribute){H5I_INVALID_HID, H5I_INVALID_HID, 0};
  out->id = H5Aopen_by_name(source->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
  if (out->id >= 0) out->type = H5Aget_type(out->id);
  hid_t const space = out->id >= 0 ? H5Aget_space(out->id) : H5I_INVALID_HID;
  hssize_t const count = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  if (space >= 0) (void)H5Sclose(space);
  if (out->type < 0 || count < 0 || count > TEXTS_MAX) {
    close_attribute(out);
    return is_bad(source, path, name, "cannot be read, or holds too much");
  }
  out->count = (size_t)count;
  return NNT_OK;
}

static nnt_status get_number(const nnt_h5_source *source, const char *path, const char *name,
                             H5T_class_t class, hid_t wanted, void *out)
{
  attribute it = {H5I_INVALID_HID, H5I_INVALID_HID, 0};
  NNT_TRY(open_attribute(source, path, name, &it));
  bool const good = it.count == 1 && H5Tget_class(it.type) == class &&
                    H5Tget_size(it.type) <= sizeof(double) && H5Aread(it.id, wanted, out) >= 0;
  close_attribute(&it);
  return good ? NNT_OK : is_bad(source, path, name, "is not one number of the expected type");
}

nnt_status nnt_h5_get_u64(const nnt_h5_source *source, const char *path, const char *name,
                          uint64_t *out)
{
  return get_number(source, path, name, H5T_INTEGER, H5T_NATIVE_UINT64, out);
}

nnt_status nnt_h5_get_f64(const nnt_h5_source *source, const char *path, const char *name,
                          double *out)
{
  return get_number(source, path, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, out);
}

/* A text of fixed length may end without a NUL, or be padded with NULs or blanks. */
static bool read_fixed(const attribute *it, char **texts)
{
  size_t const size = H5Tget_size(it->type);
  if (size == 0 || size > TEXT_SIZE_MAX / it->count) return false;
  bool const blanks = H5Tget_strpad(it->type) == H5T_STR_SPACEPAD;
  char *const table = malloc(it->count * size);
  bool good = table != NULL && H5Aread(it->id, it->type, table) >= 0;
  for (size_t i = 0; good && i < it->count; i++) {
    size_t length = strnlen(table + i * size, size);
    while (blanks && length > 0 && table[i * size + length - 1] == ' ') {
      length--;
    }
    texts[i] = strndup(table + i * size, length);
    good = texts[i] != NULL;
  }
  free(table);
  return good;
}

/* Appends the texts of an attribute to a list. An empty one counts as none, whatever its type: h5py
 * writes it as float64. */
static nnt_status append_texts(const nnt_h5_source *source, const char *path, const char *name,
                               nnt_texts *out)
{
  attribute it = {H5I_INVALID_HID, H5I_INVALID_HID, 0};
  NNT_TRY(open_attribute(source, path, name, &it));
  nnt_status status = NNT_OK;
  if (it.count == 0) goto out;
  if (H5Tget_class(it.type) != H5T_STRING || out->count + it.count > TEXTS_MAX) {
    status = is_bad(source, path, name, "does not hold text, or too much of it");
    goto out;
  }
  char **const more = realloc((void *)out->text, (out->count + it.count) * sizeof *more);
  if (more == NULL) {
    status = nnt_fail(NNT_ENOMEM, "no memory for the texts in %s", source->name);
    goto out;
  }
  out->text = more;
  memset((void *)(more + out->count), 0, it.count * sizeof *more);
  bool const variable = H5Tis_variable_str(it.type) > 0;
  bool const good = variable ? nnt_h5_heap_texts(source, it.id, it.count, TEXT_SIZE_MAX / it.count,
                                                 more + out->count)
                             : read_fixed(&it, more + out->count);
  out->count += it.count;
  if (!good) status = is_bad(source, path, name, "cannot be read");
out:
  close_attribute(&it);
  return status;
}

nnt_status nnt_h5_get_text(const nnt_h5_source *source, const char *path, const char *name,
                           char **out)
{
  nnt_texts texts = {0};
  nnt_status status = append_texts(source, path, name, &texts);
  if (status == NNT_OK && texts.count != 1) status = is_bad(source, path, name, "is not one text");
  if (status == NNT_OK) {
    *out = texts.text[0];
    texts.text[0] = NULL;
  }
  nnt_texts_free(&texts);
  return status;
}

nnt_status nnt_h5_get_texts(const nnt_h5_source *source, const char *path, const char *name,
                            nnt_texts *out)
{
  bool has = false;
  *out = (nnt_texts){0};
  nnt_status status = nnt_h5_has(source, path, name, &has);
  if (status == NNT_OK && has) {
    status = append_texts(source, path, name, out);
  }
  for (unsigned part = 0; status == NNT_OK && !has && part < PARTS_MAX; part++) {
    char numbered[NNT_H5_PATH_SIZE];
    bool more = false;
    (void)snprintf(numbered, sizeof numbered, "%s%u", name, part);
    status = nnt_h5_has(source, path, numbered, &more);
    if (status != NNT_OK || !more) break;
    status = append_texts(source, path, numbered, out);
  }
  if (status != NNT_OK) nnt_texts_free(out);
  return status;
}
