// Other system libraries found at run time.
#ifndef GRAYBOX_LIBRARIES_H
#define GRAYBOX_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>

const char *graybox_zlib_version(void);  // NULL when there is none

// A raw deflate stream taken in and given out piece by piece.
typedef struct graybox_inflater graybox_inflater;
graybox_inflater *graybox_inflater_create(void);  // NULL: no zlib, or no memory
void graybox_inflater_destroy(graybox_inflater *);
// Takes from input and fills output as far as either goes; the sizes become what was used of each.
// 0: goes on, 1: the stream has ended, -2: damaged.
int graybox_inflater_run(graybox_inflater *, const uint8_t *input, size_t *input_size,
                         uint8_t *output, size_t *output_size);

// Raw deflate stream to exactly `capacity` bytes. 0 on success, -1 no zlib, -2 damaged,
// -3 the output is shorter or longer than capacity, or the input goes on after the stream.
int graybox_inflate(const uint8_t *input, size_t input_size, uint8_t *output, size_t capacity);

uint32_t graybox_crc32(const uint8_t *input, size_t size);  // always available
// The checksum of what came before (0 at the start) continued over more bytes.
uint32_t graybox_crc32_continued(uint32_t before, const uint8_t *input, size_t size);

#endif
