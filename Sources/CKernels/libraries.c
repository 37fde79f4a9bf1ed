// zlib found at run time, and the checksum of zip files, which needs no library.
#include "graybox_libraries.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

// zlib's `z_stream`, whose layout is part of its binary interface since version 1.0.
typedef struct z_stream {
  const uint8_t *next_in;
  unsigned avail_in;
  unsigned long total_in;
  uint8_t *next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char *message;
  void *state;
  void *(*allocate)(void *, unsigned, unsigned);
  void (*release)(void *, void *);
  void *opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
} z_stream;

enum { Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5, Z_NO_FLUSH = 0, RAW_WINDOW = -15 };

// Written once under `once`, constant afterwards.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *(*zlib_version)(void) = NULL;
static int (*inflate_init)(z_stream *, int, const char *, int) = NULL;
static int (*inflate_step)(z_stream *, int) = NULL;
static int (*inflate_end)(z_stream *) = NULL;

static void load(void) {
#if defined(__APPLE__)
  static const char *const names[] = {"/usr/lib/libz.1.dylib", "libz.dylib", NULL};
#else
  static const char *const names[] = {"libz.so.1", "libz.so", NULL};
#endif
  void *library = NULL;
  for (int i = 0; names[i] != NULL && library == NULL; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return;
  inflate_init =
      (int (*)(z_stream *, int, const char *, int))dlsym(library, "inflateInit2_");
  inflate_step = (int (*)(z_stream *, int))dlsym(library, "inflate");
  inflate_end = (int (*)(z_stream *))dlsym(library, "inflateEnd");
  const char *(*version)(void) = (const char *(*)(void))dlsym(library, "zlibVersion");
  if (inflate_init != NULL && inflate_step != NULL && inflate_end != NULL) zlib_version = version;
}

const char *graybox_zlib_version(void) {
  pthread_once(&once, load);
  return zlib_version == NULL ? NULL : zlib_version();
}

struct graybox_inflater {
  z_stream stream;
};

graybox_inflater *graybox_inflater_create(void) {
  const char *version = graybox_zlib_version();
  if (version == NULL) return NULL;
  graybox_inflater *inflater = calloc(1, sizeof *inflater);
  if (inflater == NULL) return NULL;
  if (inflate_init(&inflater->stream, RAW_WINDOW, version, (int)sizeof(z_stream)) != Z_OK) {
    free(inflater);
    return NULL;
  }
  return inflater;
}

void graybox_inflater_destroy(graybox_inflater *inflater) {
  if (inflater == NULL) return;
  inflate_end(&inflater->stream);
  free(inflater);
}

int graybox_inflater_run(graybox_inflater *inflater, const uint8_t *input, size_t *input_size,
                         uint8_t *output, size_t *output_size) {
  z_stream *stream = &inflater->stream;
  size_t input_left = *input_size, output_left = *output_size;
  int status = Z_OK;
  stream->next_in = input;
  stream->next_out = output;
  // zlib counts in 32 bits, so longer buffers go in several steps.
  while (status == Z_OK) {
    unsigned give = input_left > UINT_MAX ? UINT_MAX : (unsigned)input_left;
    unsigned take = output_left > UINT_MAX ? UINT_MAX : (unsigned)output_left;
    stream->avail_in = give;
    stream->avail_out = take;
    status = inflate_step(stream, Z_NO_FLUSH);
    unsigned given = give - stream->avail_in, taken = take - stream->avail_out;
    input_left -= given;
    output_left -= taken;
    if (given == 0 && taken == 0) break;
  }
  *input_size -= input_left;
  *output_size -= output_left;
  if (status == Z_STREAM_END) return 1;
  return status == Z_OK || status == Z_BUF_ERROR ? 0 : -2;
}

int graybox_inflate(const uint8_t *input, size_t input_size, uint8_t *output, size_t capacity) {
  graybox_inflater *inflater = graybox_inflater_create();
  if (inflater == NULL) return -1;
  size_t used = input_size, made = capacity;
  int status = graybox_inflater_run(inflater, input, &used, output, &made);
  if (status == 0 && made == capacity) {
    // The end mark of the stream may still be unread.
    uint8_t beyond;
    size_t rest = input_size - used, more = 1;
    status = graybox_inflater_run(inflater, input + used, &rest, &beyond, &more);
    used += rest;
    made += more;
  }
  graybox_inflater_destroy(inflater);
  if (status < 0) return -2;
  return status == 1 && made == capacity && used == input_size ? 0 : -3;
}

// --- CRC-32 (polynomial 0xEDB88320), eight bytes a step ----------------------------------------

static pthread_once_t tables_once = PTHREAD_ONCE_INIT;
static uint32_t tables[8][256];

static void make_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0);
    tables[0][byte] = value;
  }
  for (int step = 1; step < 8; step++)
    for (uint32_t byte = 0; byte < 256; byte++) {
      uint32_t value = tables[step - 1][byte];
      tables[step][byte] = value >> 8 ^ tables[0][value & 255];
    }
}

static inline uint32_t little_endian(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t graybox_crc32_continued(uint32_t before, const uint8_t *input, size_t size) {
  pthread_once(&tables_once, make_tables);
  uint32_t crc = ~before;
  for (; size >= 8; input += 8, size -= 8) {
    uint32_t low = crc ^ little_endian(input), high = little_endian(input + 4);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
          tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
          tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
  }
  for (; size > 0; input++, size--) crc = crc >> 8 ^ tables[0][(crc ^ *input) & 255];
  return ~crc;
}

uint32_t graybox_crc32(const uint8_t *input, size_t size) {
  return graybox_crc32_continued(0, input, size);
}
