#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "suite.h"

/* FIPS 180-2, appendix B, and the digest of nothing: message, repetitions, SHA-256. */
typedef struct vector {
  char const *message;
  size_t times;
  char const *expected;
} vector;

static vector const vectors[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void published_digests_come_out(void)
{
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    unsigned char sum[NNT_SHA256_SIZE];
    char text[NNT_SHA256_TEXT_SIZE];
    nnt_digest *digest = NULL;
    CU_ASSERT_EQUAL_FATAL(nnt_digest_create(&digest), NNT_OK);
    for (size_t k = 0; k < vectors[i].times; k++) {
      CU_ASSERT_EQUAL(nnt_digest_add(digest, vectors[i].message, strlen(vectors[i].message)),
                      NNT_OK);
    }
    CU_ASSERT_EQUAL(nnt_digest_end(digest, sum), NNT_OK);
    nnt_digest_text(sum, text);
    CU_ASSERT_STRING_EQUAL(text, vectors[i].expected);
    nnt_digest_destroy(digest);
  }
}

/* Pieces of 1, 2, 3, ... bytes: across the blocks of 64 bytes in every way. */
static void unequal_pieces_give_the_same_digest(void)
{
  static char letters[2000];
  memset(letters, 'a', sizeof letters);
  unsigned char sum[NNT_SHA256_SIZE];
  char text[NNT_SHA256_TEXT_SIZE];
  nnt_digest *digest = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_digest_create(&digest), NNT_OK);
  size_t left = 1000000;
  for (size_t piece = 1; left > 0; piece++) {
    size_t const bytes = piece < left ? piece : left;
    CU_ASSERT_FATAL(bytes <= sizeof letters);
    CU_ASSERT_EQUAL(nnt_digest_add(digest, letters, bytes), NNT_OK);
    left -= bytes;
  }
  CU_ASSERT_EQUAL(nnt_digest_end(digest, sum), NNT_OK);
  nnt_digest_text(sum, text);
  CU_ASSERT_STRING_EQUAL(text, vectors[3].expected);
  nnt_digest_destroy(digest);
}

static void one_call_digests_one_piece(void)
{
  unsigned char sum[NNT_SHA256_SIZE];
  char text[NNT_SHA256_TEXT_SIZE];
  CU_ASSERT_EQUAL(nnt_digest_of("abc", 3, sum), NNT_OK);
  nnt_digest_text(sum, text);
  CU_ASSERT_STRING_EQUAL(text, vectors[1].expected);
}

static void destroying_nothing_is_allowed(void) { nnt_digest_destroy(NULL); }

static CU_TestInfo tests[] = {
    {"published digests come out", published_digests_come_out},
    {"unequal pieces give the same digest", unequal_pieces_give_the_same_digest},
    {"one call digests one piece", one_call_digests_one_piece},
    {"destroying nothing is allowed", destroying_nothing_is_allowed},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("digest", tests);
