#include "store/hdf5_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A chunk is decompressed as a whole, so its size is a request for memory. */
enum { SHAPE_TEXT_SIZE = 128, CHUNK_ELEMENTS_MAX = 1 << 26 };
static hsize_t const members_max = 4096;

static nnt_status is_unreadable(const nnt_h5_source *source, const char *path)
{
  return nnt_fail(source->bad, "%s: %s cannot be read; the file is damaged", source->name, path);
}

/* Is there a link of this name, and is it hard? Soft and external links lead out of what was
 * checked. */
static nnt_status find_link(const nnt_h5_source *source, const char *path, bool *found)
{
  htri_t const exists = H5Lexists(source->file, path, H5P_DEFAULT);
  *found = exists > 0;
  if (exists < 0) return is_unreadable(source, path);
  if (!*found) return NNT_OK;
  H5L_info_t link;
  if (H5Lget_info(source->file, path, &link, H5P_DEFAULT) < 0) return is_unreadable(source, path);
  if (link.type == H5L_TYPE_HARD) return NNT_OK;
  return nnt_fail(source->bad, "%s: %s is a soft or external link; only hard ones are accepted",
                  source->name, path);
}

nnt_status nnt_h5_find(const nnt_h5_source *source, const char *path, bool *found)
{
  char part[NNT_H5_PATH_SIZE];
  size_t const length = strlen(path);
  if (length >= sizeof part) {
    return nnt_fail(source->bad, "%s: a name is longer than %zu bytes", source->name, sizeof part);
  }
  memcpy(part, path, length + 1);
  *found = true;
  for (char *it = part + 1; *found && *it != '\0'; it++) {
    if (*it != '/') continue;
    *it = '\0';
    NNT_TRY(find_link(source, part, found));
    *it = '/';
  }
  if (!*found || length <= 1) return NNT_OK;
  return find_link(source, part, found);
}

static void shape_text(size_t rank, const hsize_t *shape, char out[SHAPE_TEXT_SIZE])
{
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < rank && used < SHAPE_TEXT_SIZE; i++) {
    int const more = snprintf(out + used, SHAPE_TEXT_SIZE - used, "%s%llu", i == 0 ? "" : ", ",
                              (unsigned long long)shape[i]);
    if (more < 0) return;
    used += (size_t)more;
  }
}

static nnt_status check_type(const nnt_h5_source *source, const char *path, hid_t dataset,
                             H5T_class_t class)
{
  hid_t const type = H5Dget_type(dataset);
  if (type < 0) return is_unreadable(source, path);
  bool const good = H5Tget_class(type) == class && H5Tget_size(type) <= sizeof(double);
  (void)H5Tclose(type);
  if (good) return NNT_OK;
  return nnt_fail(source->bad, "%s: %s does not hold %s numbers of at most 64 bits", source->name,
                  path, class == H5T_FLOAT ? "floating-point" : "integer");
}

/* Values must lie in this file, and must not expand without bounds. */
static nnt_status check_layout(const nnt_h5_source *source, const char *path, hid_t dataset)
{
  hid_t const creation = H5Dget_create_plist(dataset);
  if (creation < 0) return is_unreadable(source, path);
  H5D_layout_t const layout = H5Pget_layout(creation);
  bool good = layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED;
  good = good && H5Pget_external_count(creation) == 0;
  if (good && layout == H5D_CHUNKED) {
    hsize_t chunk[H5S_MAX_RANK] = {0};
    int const rank = H5Pget_chunk(creation, H5S_MAX_RANK, chunk);
    hsize_t elements = 1;
    for (int i = 0; i < rank && elements <= CHUNK_ELEMENTS_MAX; i++) {
      elements *= chunk[i];
    }
    good = rank > 0 && elements <= CHUNK_ELEMENTS_MAX;
  }
  (void)H5Pclose(creation);
  if (good) return NNT_OK;
  return nnt_fail(
      source->bad,
      "%s: %s is stored in a way that is not accepted (virtual, external or huge chunks)",
      source->name, path);
}

static nnt_status get_shape(const nnt_h5_source *source, const char *path, hid_t dataset,
                            size_t *rank, hsize_t shape[H5S_MAX_RANK])
{
  hid_t const space = H5Dget_space(dataset);
  if (space < 0) return is_unreadable(source, path);
  H5S_class_t const class = H5Sget_simple_extent_type(space);
  int const dimensions = H5Sget_simple_extent_dims(space, shape, NULL);
  (void)H5Sclose(space);
  if (dimensions < 0 || (class != H5S_SCALAR && class != H5S_SIMPLE)) {
    return is_unreadable(source, path);
  }
  *rank = (size_t)dimensions;
  return NNT_OK;
}

static nnt_status check_shape(const nnt_h5_source *source, const char *path, hid_t dataset,
                              const nnt_h5_slot *slot)
{
  size_t rank = 0;
  hsize_t shape[H5S_MAX_RANK] = {0};
  hsize_t const wanted[H5S_MAX_RANK] = {slot->shape[0], slot->shape[1]};
  NNT_TRY(get_shape(source, path, dataset, &rank, shape));
  bool good = rank == slot->rank;
  for (size_t i = 0; good && i < rank; i++) {
    good = shape[i] == wanted[i];
  }
  if (good) return NNT_OK;
  char there[SHAPE_TEXT_SIZE];
  char here[SHAPE_TEXT_SIZE];
  shape_text(rank, shape, there);
  shape_text(slot->rank, wanted, here);
  return nnt_fail(source->bad, "%s: %s has the shape (%s), but (%s) is expected", source->name,
                  path, there, here);
}

static nnt_status open_dataset(const nnt_h5_source *source, const char *path, hid_t *out)
{
  bool found = false;
  NNT_TRY(nnt_h5_find(source, path, &found));
  if (!found) return nnt_fail(source->bad, "%s: there is no %s", source->name, path);
  *out = H5Dopen2(source->file, path, H5P_DEFAULT);
  if (*out >= 0) return NNT_OK;
  return nnt_fail(source->bad, "%s: %s is not a dataset, or is damaged", source->name, path);
}

static nnt_status read_values(const nnt_h5_source *source, const char *path, hid_t dataset,
                              const nnt_h5_slot *slot)
{
  hid_t memory = H5S_ALL;
  if (slot->rank > 0 && slot->shape[0] == 0) return NNT_OK;
  if (slot->columns > 0) {
    hsize_t const total = slot->shape[0] * slot->columns;
    hsize_t const start = slot->column;
    hsize_t const stride = slot->columns;
    hsize_t const count = slot->shape[0];
    memory = H5Screate_simple(1, &total, NULL);
    if (memory < 0) return is_unreadable(source, path);
    if (H5Sselect_hyperslab(memory, H5S_SELECT_SET, &start, &stride, &count, NULL) < 0) {
      (void)H5Sclose(memory);
      return is_unreadable(source, path);
    }
  }
  bool const good = H5Dread(dataset, slot->wanted, memory, H5S_ALL, H5P_DEFAULT, slot->data) >= 0;
  if (memory != H5S_ALL) (void)H5Sclose(memory);
  return good ? NNT_OK : is_unreadable(source, path);
}

nnt_status nnt_h5_get_array(const nnt_h5_source *source, const char *path, const nnt_h5_slot *slot)
{
  hid_t dataset = H5I_INVALID_HID;
  NNT_TRY(open_dataset(source, path, &dataset));
  nnt_status status = check_type(source, path, dataset, slot->class);
  if (status == NNT_OK) status = check_shape(source, path, dataset, slot);
  if (status == NNT_OK) status = check_layout(source, path, dataset);
  if (status == NNT_OK) status = read_values(source, path, dataset, slot);
  (void)H5Dclose(dataset);
  return status;
}

/* NOLINTBEGIN(readability-non-const-parameter): written to through the slot. */
nnt_status nnt_h5_get_tensor(const nnt_h5_source *source, const char *path,
                             const nnt_tensor *tensor, float *parameters)
/* NOLINTEND(readability-non-const-parameter) */
{
  nnt_h5_slot const slot = {.class = H5T_FLOAT,
                            .wanted = H5T_NATIVE_FLOAT,
                            .rank = tensor->dimensions,
                            .shape = {tensor->shape[0], tensor->shape[1]},
                            .data = parameters + tensor->offset};
  return nnt_h5_get_array(source, path, &slot);
}

nnt_status nnt_h5_get_length(const nnt_h5_source *source, const char *path, size_t size,
                             size_t *out)
{
  hid_t dataset = H5I_INVALID_HID;
  size_t rank = 0;
  hsize_t shape[H5S_MAX_RANK] = {0};
  NNT_TRY(open_dataset(source, path, &dataset));
  nnt_status const status = get_shape(source, path, dataset, &rank, shape);
  (void)H5Dclose(dataset);
  if (status != NNT_OK) return status;
  if (rank != 1 || shape[0] > source->byte_count / size) {
    return nnt_fail(source->bad, "%s: %s is not a list that this file could hold", source->name,
                    path);
  }
  *out = (size_t)shape[0];
  return NNT_OK;
}

/* Appends a name that HDF5 gives out by index; negative `length`: it cannot. */
static nnt_status add_name(const nnt_h5_source *source, const char *path, nnt_texts *out,
                           ssize_t length)
{
  if (length < 0 || length >= NNT_H5_PATH_SIZE) return is_unreadable(source, path);
  char *const text = calloc((size_t)length + 1, 1);
  if (text == NULL) return nnt_fail(NNT_ENOMEM, "no memory for names in %s", source->name);
  out->text[out->count++] = text;
  return NNT_OK;
}

static nnt_status names_create(nnt_texts *out, size_t room, const char *name)
{
  out->count = 0;
  out->text = calloc(room + 1, sizeof *out->text);
  return out->text != NULL ? NNT_OK : nnt_fail(NNT_ENOMEM, "no memory for names in %s", name);
}

nnt_status nnt_h5_members(const nnt_h5_source *source, const char *path, nnt_texts *out)
{
  H5G_info_t group;
  *out = (nnt_texts){0};
  if (H5Gget_info_by_name(source->file, path, &group, H5P_DEFAULT) < 0 ||
      group.nlinks > members_max) {
    return nnt_fail(source->bad, "%s: %s is not a group of at most %d members", source->name, path,
                    (int)members_max);
  }
  nnt_status status = names_create(out, group.nlinks, source->name);
  for (hsize_t i = 0; status == NNT_OK && i < group.nlinks; i++) {
    ssize_t const length =
        H5Lget_name_by_idx(source->file, path, H5_INDEX_NAME, H5_ITER_INC, i, NULL, 0, H5P_DEFAULT);
    status = add_name(source, path, out, length);
    if (status != NNT_OK) break;
    (void)H5Lget_name_by_idx(source->file, path, H5_INDEX_NAME, H5_ITER_INC, i,
                             out->text[out->count - 1], (size_t)length + 1, H5P_DEFAULT);
  }
  if (status != NNT_OK) nnt_texts_free(out);
  return status;
}

nnt_status nnt_h5_attributes(const nnt_h5_source *source, const char *path, nnt_texts *out)
{
  H5O_info_t object;
  *out = (nnt_texts){0};
  if (H5Oget_info_by_name(source->file, path, &object, H5P_DEFAULT) < 0 ||
      object.num_attrs > members_max) {
    return is_unreadable(source, path);
  }
  nnt_status status = names_create(out, object.num_attrs, source->name);
  for (hsize_t i = 0; status == NNT_OK && i < object.num_attrs; i++) {
    ssize_t const length = H5Aget_name_by_idx(source->file, path, H5_INDEX_CRT_ORDER, H5_ITER_INC,
                                              i, NULL, 0, H5P_DEFAULT);
    status = add_name(source, path, out, length);
    if (status != NNT_OK) break;
    (void)H5Aget_name_by_idx(source->file, path, H5_INDEX_CRT_ORDER, H5_ITER_INC, i,
                             out->text[out->count - 1], (size_t)length + 1, H5P_DEFAULT);
  }
  if (status != NNT_OK) nnt_texts_free(out);
  return status;
}
