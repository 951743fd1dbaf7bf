/** SHA-256, by OpenSSL's libcrypto. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

#include "nntrain/status.h"
#include "nntrain/types.h"

enum { NNT_SHA256_SIZE = 32 };

typedef struct nnt_digest nnt_digest;

/** Starts a digest over any number of pieces.
 *  Local; NNT_ENOMEM, NNT_EINTERNAL. The caller owns *out: nnt_digest_destroy(). */
NNT_MUST_CHECK nnt_status nnt_digest_create(nnt_digest **out);
void nnt_digest_destroy(nnt_digest *digest);

/** Adds `bytes` bytes. Local; NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_digest_add(nnt_digest *digest, const void *data, size_t bytes);

/** Ends the digest; only nnt_digest_destroy() may follow. Local; NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_digest_end(nnt_digest *digest, unsigned char out[NNT_SHA256_SIZE]);

/** The digest of one piece of memory. Local; NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_digest_of(const void *data, size_t bytes,
                                        unsigned char out[NNT_SHA256_SIZE]);

/** 64 lower-case hexadecimal digits. Local; cannot fail. */
void nnt_digest_text(const unsigned char digest[NNT_SHA256_SIZE], char out[NNT_SHA256_TEXT_SIZE]);

#endif
