#include "store/hdf5_write.h"

enum { DEFLATE_LEVEL = 4 };

static nnt_status refused(const char *path)
{
  return nnt_fail(NNT_EINTERNAL, "HDF5 cannot write %s (out of memory?)", path);
}

nnt_status nnt_h5_image_create(hid_t *out, size_t increment, bool ordered)
{
  hid_t const access = H5Pcreate(H5P_FILE_ACCESS);
  hid_t const creation = H5Pcreate(H5P_FILE_CREATE);
  /* V18 puts checksums on metadata, and is the newest that all versions of Keras were seen to load.
   */
  bool good = access >= 0 && creation >= 0 &&
              H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
              H5Pset_fapl_core(access, increment, false) >= 0 &&
              H5Pset_obj_track_times(creation, false) >= 0;
  unsigned const order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  if (good && ordered) good = H5Pset_link_creation_order(creation, order) >= 0;
  /* HDF5 looks on disk for an older file of this name, so it is one that cannot be there. */
  hid_t const file =
      good ? H5Fcreate("/dev/null/image", H5F_ACC_TRUNC, creation, access) : H5I_INVALID_HID;
  if (access >= 0) (void)H5Pclose(access);
  if (creation >= 0) (void)H5Pclose(creation);
  if (file < 0) return refused("a file in memory");
  *out = file;
  return NNT_OK;
}

nnt_status nnt_h5_image(hid_t file, const void **data, size_t *bytes)
{
  void *handle = NULL;
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return refused("a file in memory");
  /* H5Fget_file_image() would copy the bytes, but in 1.10 leaves a stale checksum in the copy. */
  ssize_t const size = H5Fget_file_image(file, NULL, 0);
  if (size <= 0 || H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0 || handle == NULL) {
    return refused("a file in memory");
  }
  *data = *(void **)handle;
  *bytes = (size_t)size;
  return NNT_OK;
}

nnt_status nnt_h5_put_group(hid_t file, const char *path, bool ordered)
{
  hid_t const creation = H5Pcreate(H5P_GROUP_CREATE);
  unsigned const order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  bool good = creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0;
  if (good && ordered) {
    good = H5Pset_link_creation_order(creation, order) >= 0 &&
           H5Pset_attr_creation_order(creation, order) >= 0;
  }
  hid_t const group =
      good ? H5Gcreate2(file, path, H5P_DEFAULT, creation, H5P_DEFAULT) : H5I_INVALID_HID;
  if (creation >= 0) (void)H5Pclose(creation);
  if (group < 0) return refused(path);
  (void)H5Gclose(group);
  return NNT_OK;
}

nnt_status nnt_h5_put_link(hid_t file, const char *target, const char *path)
{
  if (H5Lcreate_hard(file, target, file, path, H5P_DEFAULT, H5P_DEFAULT) >= 0) return NNT_OK;
  return refused(path);
}

static bool set_layout(hid_t creation, const nnt_h5_array *array)
{
  if (H5Pset_obj_track_times(creation, false) < 0) return false;
  if (array->chunk == 0) return true;
  hsize_t const chunk[2] = {array->chunk, array->shape[1]};
  if (H5Pset_chunk(creation, (int)array->rank, chunk) < 0) return false;
  if (!array->deflated) return true;
  return H5Pset_shuffle(creation) >= 0 && H5Pset_deflate(creation, DEFLATE_LEVEL) >= 0;
}

static hid_t space_in_file(const nnt_h5_array *array)
{
  if (array->rank == 0) return H5Screate(H5S_SCALAR);
  hsize_t const shape[2] = {array->shape[0], array->shape[1]};
  hsize_t const limit[2] = {H5S_UNLIMITED, array->shape[1]};
  return H5Screate_simple((int)array->rank, shape, array->unlimited ? limit : NULL);
}

/* The elements of a column of a table, or H5S_ALL. */
static hid_t space_in_memory(const nnt_h5_array *array)
{
  if (array->columns == 0) return H5S_ALL;
  hsize_t const total = array->shape[0] * array->columns;
  hsize_t const start = array->column;
  hsize_t const stride = array->columns;
  hsize_t const count = array->shape[0];
  hid_t const space = H5Screate_simple(1, &total, NULL);
  if (space < 0) return space;
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, &stride, &count, NULL) >= 0) return space;
  (void)H5Sclose(space);
  return H5I_INVALID_HID;
}

static bool write_values(hid_t dataset, const nnt_h5_array *array)
{
  for (size_t i = 0; i < array->rank; i++) {
    if (array->shape[i] == 0) return true;
  }
  hid_t const memory = space_in_memory(array);
  if (memory < 0) return false;
  bool const good = H5Dwrite(dataset, array->given, memory, H5S_ALL, H5P_DEFAULT, array->data) >= 0;
  if (memory != H5S_ALL) (void)H5Sclose(memory);
  return good;
}

nnt_status nnt_h5_put_array(hid_t file, const char *path, const nnt_h5_array *array)
{
  hid_t const creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t const space = space_in_file(array);
  hid_t dataset = H5I_INVALID_HID;
  if (creation >= 0 && space >= 0 && set_layout(creation, array)) {
    dataset = H5Dcreate2(file, path, array->stored, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  }
  if (creation >= 0) (void)H5Pclose(creation);
  if (space >= 0) (void)H5Sclose(space);
  if (dataset < 0) return refused(path);
  bool const good = write_values(dataset, array);
  (void)H5Dclose(dataset);
  return good ? NNT_OK : refused(path);
}
