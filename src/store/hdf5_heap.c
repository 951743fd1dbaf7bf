#include "store/hdf5_heap.h"

#include <stdlib.h>
#include <string.h>

/* With addresses and lengths of 8 bytes, the only ones that are read. A reference: length, address
 * of the collection, index in it. A collection: "GCOL", version, 3 reserved, length of all. An
 * object in it: index, 6 bytes that do not matter, length; then its bytes, and padding. */
enum { REFERENCE_SIZE = 16, COLLECTION_HEAD = 16, OBJECT_HEAD = 16, ALIGNMENT = 8 };
enum { ADDRESS_AT = 4, INDEX_AT = 12, LENGTH_AT = 8 };
static char const signature[] = "GCOL\1";

static uint64_t get_number(const unsigned char *in, unsigned bytes)
{
  uint64_t number = 0;
  for (unsigned i = 0; i < bytes; i++) {
    number |= (uint64_t)in[i] << (8U * i);
  }
  return number;
}

static hid_t reference_type(void) { return H5Tcreate(H5T_OPAQUE, REFERENCE_SIZE); }

/* A conversion of HDF5 that has nothing to do: the bytes stay as they are stored. */
static herr_t keep_reference(hid_t from, hid_t to, H5T_cdata_t *data, size_t count, size_t stride,
                             size_t other_stride, void *values, void *other, hid_t list)
{
  (void)count;
  (void)stride;
  (void)other_stride;
  (void)values;
  (void)other;
  (void)list;
  data->need_bkg = H5T_BKG_NO;
  if (data->command != H5T_CONV_INIT) return 0;
  return H5Tis_variable_str(from) > 0 && H5Tget_size(to) == REFERENCE_SIZE ? 0 : -1;
}

nnt_status nnt_h5_heap_init(void)
{
  hid_t const text = H5Tcopy(H5T_C_S1);
  hid_t const reference = reference_type();
  bool const good = text >= 0 && reference >= 0 && H5Tset_size(text, H5T_VARIABLE) >= 0 &&
                    H5Tregister(H5T_PERS_SOFT, "reference", text, reference, keep_reference) >= 0;
  if (text >= 0) (void)H5Tclose(text);
  if (reference >= 0) (void)H5Tclose(reference);
  return good ? NNT_OK : nnt_fail(NNT_EINTERNAL, "HDF5 takes no conversion");
}

/* Where the addresses of a file begin; false if they have another size than those understood here.
 */
static bool find_base(const nnt_h5_source *source, uint64_t *out)
{
  size_t address_size = 0;
  size_t length_size = 0;
  hsize_t base = 0;
  hid_t const list = H5Fget_create_plist(source->file);
  if (list < 0) return false;
  bool const good = H5Pget_sizes(list, &address_size, &length_size) >= 0 &&
                    H5Pget_userblock(list, &base) >= 0 && address_size == 8 && length_size == 8;
  (void)H5Pclose(list);
  *out = base;
  return good;
}

/* The collection at `at`, and its length with its head. */
static const unsigned char *find_collection(const nnt_h5_source *source, uint64_t at,
                                            uint64_t *bytes)
{
  if (at > source->byte_count || source->byte_count - at < COLLECTION_HEAD) return NULL;
  unsigned char const *const head = source->bytes + at;
  *bytes = get_number(head + LENGTH_AT, 8);
  bool const good = memcmp(head, signature, sizeof signature - 1) == 0 &&
                    *bytes >= COLLECTION_HEAD && *bytes <= source->byte_count - at;
  return good ? head : NULL;
}

/* The object `index` of a collection, and its length. */
static const unsigned char *find_object(const unsigned char *collection, uint64_t bytes,
                                        uint64_t index, uint64_t *length)
{
  uint64_t at = COLLECTION_HEAD;
  while (bytes - at >= OBJECT_HEAD) {
    uint64_t const found = get_number(collection + at, 2);
    uint64_t const room = bytes - at - OBJECT_HEAD;
    *length = get_number(collection + at + LENGTH_AT, 8);
    /* Number 0 is the free space behind all objects. */
    if (found == 0 || *length > room) return NULL;
    if (found == index) return collection + at + OBJECT_HEAD;
    uint64_t const padding = (ALIGNMENT - *length % ALIGNMENT) % ALIGNMENT;
    if (padding > room - *length) return NULL;
    at += OBJECT_HEAD + *length + padding;
  }
  return NULL;
}

/* The text that a reference leads to; an empty one leads nowhere. The caller frees it. */
static char *follow(const nnt_h5_source *source, uint64_t base, const unsigned char *reference,
                    size_t limit)
{
  uint64_t const length = get_number(reference, 4);
  uint64_t const address = get_number(reference + ADDRESS_AT, 8);
  uint64_t bytes = 0;
  uint64_t stored = 0;
  if (length == 0) return strdup("");
  if (length > limit || address > UINT64_MAX - base) return NULL;
  unsigned char const *const collection = find_collection(source, base + address, &bytes);
  if (collection == NULL) return NULL;
  unsigned char const *const object =
      find_object(collection, bytes, get_number(reference + INDEX_AT, 4), &stored);
  if (object == NULL || stored < length) return NULL;
  return strndup((const char *)object, (size_t)length);
}

bool nnt_h5_heap_texts(const nnt_h5_source *source, hid_t attribute, size_t count, size_t limit,
                       char **texts)
{
  uint64_t base = 0;
  hid_t const type = reference_type();
  unsigned char *const references = calloc(count, REFERENCE_SIZE);
  bool good = type >= 0 && references != NULL && find_base(source, &base) &&
              H5Aread(attribute, type, references) >= 0;
  for (size_t i = 0; good && i < count; i++) {
    texts[i] = follow(source, base, references + i * REFERENCE_SIZE, limit);
    good = texts[i] != NULL;
  }
  free(references);
  if (type >= 0) (void)H5Tclose(type);
  return good;
}
