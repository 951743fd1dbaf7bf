#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct nnt_digest {
  EVP_MD_CTX *context;
};

nnt_status nnt_digest_create(nnt_digest **out)
{
  nnt_digest *const digest = malloc(sizeof *digest);
  if (digest == NULL) return nnt_fail(NNT_ENOMEM, "no memory for a digest");
  digest->context = EVP_MD_CTX_new();
  if (digest->context == NULL || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
    nnt_digest_destroy(digest);
    return nnt_fail(NNT_EINTERNAL, "libcrypto offers no SHA-256");
  }
  *out = digest;
  return NNT_OK;
}

void nnt_digest_destroy(nnt_digest *digest)
{
  if (digest == NULL) return;
  EVP_MD_CTX_free(digest->context);
  free(digest);
}

nnt_status nnt_digest_add(nnt_digest *digest, const void *data, size_t bytes)
{
  if (EVP_DigestUpdate(digest->context, data, bytes) != 1) {
    return nnt_fail(NNT_EINTERNAL, "libcrypto cannot continue a SHA-256");
  }
  return NNT_OK;
}

nnt_status nnt_digest_end(nnt_digest *digest, unsigned char out[NNT_SHA256_SIZE])
{
  if (EVP_DigestFinal_ex(digest->context, out, NULL) != 1) {
    return nnt_fail(NNT_EINTERNAL, "libcrypto cannot end a SHA-256");
  }
  return NNT_OK;
}

nnt_status nnt_digest_of(const void *data, size_t bytes, unsigned char out[NNT_SHA256_SIZE])
{
  nnt_digest *digest = NULL;
  nnt_status status = nnt_digest_create(&digest);
  if (digest == NULL) return status;
  status = nnt_digest_add(digest, data, bytes);
  if (status == NNT_OK) status = nnt_digest_end(digest, out);
  nnt_digest_destroy(digest);
  return status;
}

void nnt_digest_text(const unsigned char digest[NNT_SHA256_SIZE], char out[NNT_SHA256_TEXT_SIZE])
{
  static char const digits[] = "0123456789abcdef";
  for (size_t i = 0; i < NNT_SHA256_SIZE; i++) {
    out[2 * i] = digits[digest[i] >> 4U];
    out[2 * i + 1] = digits[digest[i] & 15U];
  }
  out[2 * (size_t)NNT_SHA256_SIZE] = '\0';
}
