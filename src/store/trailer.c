#include "store/trailer.h"

#include <string.h>

#include "base/digest.h"

enum { MAGIC = 0, LENGTH = 8, DIGEST = 16, STEP = 48, MAGIC_SIZE = 8, NUMBER_SIZE = 8 };
static char const magic[] = "NNTRAIN1";

static void put_number(unsigned char *out, uint64_t number)
{
  for (unsigned i = 0; i < NUMBER_SIZE; i++) {
    out[i] = (unsigned char)(number >> (8U * i));
  }
}

static uint64_t get_number(const unsigned char *in)
{
  uint64_t number = 0;
  for (unsigned i = 0; i < NUMBER_SIZE; i++) {
    number |= (uint64_t)in[i] << (8U * i);
  }
  return number;
}

/* The digest covers the trailer too, or a flipped bit in `step` would go unseen. */
static nnt_status digest_of_all(const unsigned char trailer[NNT_TRAILER_SIZE], const void *data,
                                size_t bytes, unsigned char out[NNT_SHA256_SIZE])
{
  unsigned char rest[NNT_TRAILER_SIZE];
  memcpy(rest, trailer, sizeof rest);
  memset(rest + DIGEST, 0, NNT_SHA256_SIZE);
  nnt_digest *digest = NULL;
  NNT_TRY(nnt_digest_create(&digest));
  nnt_status status = nnt_digest_add(digest, data, bytes);
  if (status == NNT_OK) status = nnt_digest_add(digest, rest, sizeof rest);
  if (status == NNT_OK) status = nnt_digest_end(digest, out);
  nnt_digest_destroy(digest);
  return status;
}

nnt_status nnt_trailer_make(const void *data, size_t bytes, uint64_t step,
                            unsigned char out[NNT_TRAILER_SIZE])
{
  memset(out, 0, NNT_TRAILER_SIZE);
  memcpy(out + MAGIC, magic, MAGIC_SIZE);
  put_number(out + LENGTH, bytes);
  put_number(out + STEP, step);
  return digest_of_all(out, data, bytes, out + DIGEST);
}

bool nnt_trailer_fits(const unsigned char trailer[NNT_TRAILER_SIZE], uint64_t file_bytes)
{
  return file_bytes > NNT_TRAILER_SIZE && memcmp(trailer + MAGIC, magic, MAGIC_SIZE) == 0 &&
         get_number(trailer + LENGTH) == file_bytes - NNT_TRAILER_SIZE;
}

nnt_status nnt_trailer_check(const unsigned char trailer[NNT_TRAILER_SIZE], const void *data,
                             size_t bytes, const char *name)
{
  unsigned char digest[NNT_SHA256_SIZE];
  NNT_TRY(digest_of_all(trailer, data, bytes, digest));
  if (memcmp(digest, trailer + DIGEST, sizeof digest) == 0) return NNT_OK;
  return nnt_fail(NNT_ECHECKPOINT, "%s is damaged: its SHA-256 is not the one it was written with",
                  name);
}

uint64_t nnt_trailer_step(const unsigned char trailer[NNT_TRAILER_SIZE])
{
  return get_number(trailer + STEP);
}
