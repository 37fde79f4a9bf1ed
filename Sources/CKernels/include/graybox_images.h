// libpng found at run time, through its interface for whole images in memory.
#ifndef GRAYBOX_IMAGES_H
#define GRAYBOX_IMAGES_H

#include <stddef.h>
#include <stdint.h>

#define GRAYBOX_PNG_MESSAGE 64  // characters of a message, with its end

const char *graybox_png_version(void);  // NULL when there is none

// Width, height and channels (1 gray, 3 red-green-blue) of a PNG file in memory.
// 0 on success, -1 no libpng, -2 damaged, with libpng's words in `message`.
int graybox_png_size(const uint8_t *file, size_t size, uint32_t *width, uint32_t *height,
                     uint32_t *channels, char message[GRAYBOX_PNG_MESSAGE]);
// Its pixels, 8 bits a channel, row by row; transparent places over black. Same results.
int graybox_png_read(const uint8_t *file, size_t size, uint32_t channels, uint8_t *pixels,
                     size_t capacity, char message[GRAYBOX_PNG_MESSAGE]);
// A gray PNG file of 8-bit pixels. `size` is the room in `file` and becomes the file's size; a call
// without `file` only says it. 0 on success, -1 no libpng, -2 libpng could not, -3 too little room.
int graybox_png_write(const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t *file,
                      size_t *size, char message[GRAYBOX_PNG_MESSAGE]);

#endif
