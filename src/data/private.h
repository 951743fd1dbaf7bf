/** What the readers of data sets share. */
#ifndef DATA_PRIVATE_H
#define DATA_PRIVATE_H

#include "nntrain/data.h"

/** The most samples of a part, and the bytes of a shape as text. A header that says more samples is
 *  wrong; with nnt_shape_size() this bounds every product of sizes well below 2^63. */
enum { NNT_SAMPLES_MAX = 100000000, NNT_SHAPE_TEXT_SIZE = 64 };

/** One part of a data set, training or test, as a reader knows it before reading pixels. */
typedef struct nnt_part {
  size_t count;                  /* samples in the file */
  uint16_t *labels;              /* (count) all of them; owned by the source */
  char name[NNT_PATH_SIZE + 16]; /* of the file or dataset with the labels, for messages */
} nnt_part;

/** A kind of source. */
typedef struct nnt_reader nnt_reader;

/** What a kind of source can do; `self` is the kind's own data. All local. */
typedef struct nnt_reader_table {
  /** Reads the pixels of the first `count` samples of a part (0 training, 1 test).
   *  NNT_EDATA, NNT_EIO, NNT_ENOMEM. */
  nnt_status (*read_images)(void *self, int part, size_t count, void *out);
  void (*destroy)(void *self);
} nnt_reader_table;

/** What a reader tells when it has opened its files. */
struct nnt_reader {
  const nnt_reader_table *table;
  void *self;
  nnt_part parts[2]; /* training, test */
  size_t dimensions;
  size_t shape[NNT_DIMENSIONS_MAX];
  nnt_pixel pixel;
  bool generated;
  char description[NNT_DESCRIPTION_SIZE];
};

enum { NNT_TRAIN, NNT_TEST };

/** Each opens one kind of source. On failure nothing is left to free.
 *  Local; NNT_EDATA, NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_idx_open(nnt_reader *out, const char *folder);
NNT_MUST_CHECK nnt_status nnt_hdf5_open(nnt_reader *out, const char *path);
NNT_MUST_CHECK nnt_status nnt_digits_open(nnt_reader *out, size_t train_count, size_t test_count);

/** Is the file HDF5, by its content? Local; cannot fail. */
bool nnt_hdf5_recognises(const char *path);

/** Frees what a reader holds, labels included. Local; cannot fail. */
void nnt_reader_close(nnt_reader *reader);

/** Pixels in an image of this shape; 0 if they are none or more than 2^28. Local; cannot fail. */
size_t nnt_shape_size(const size_t *shape, size_t dimensions);

/** "28x28". Local; cannot fail. */
void nnt_shape_text(const size_t *shape, size_t dimensions, char out[NNT_SHAPE_TEXT_SIZE]);

/** The float32 that each uint8 pixel stands for: v / 255. Local; cannot fail. */
void nnt_pixel_values(float value[256]);

/** Draws digit `sample` of the built-in set.
 *  pixels [out] (28, 28), 0 to 255. Local; cannot fail. Returns the digit. */
uint16_t nnt_digit_draw(uint64_t sample, unsigned char *pixels);

#endif
