// Other system libraries found at run time.
#ifndef GRAYBOX_LIBRARIES_H
#define GRAYBOX_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>

const char *graybox_zlib_version(void);  // NULL when there is none
// Raw deflate stream to exactly `capacity` bytes. 0 on success, -1 no zlib, -2 damaged,
// -3 the output is shorter or longer than capacity.
int graybox_inflate(const uint8_t *input, size_t input_size, uint8_t *output, size_t capacity);
uint32_t graybox_crc32(const uint8_t *input, size_t size);  // always available

#endif
