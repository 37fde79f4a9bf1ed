// libpng found at run time.
#include "graybox_images.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

// libpng's `png_image`, version 1, whose layout is part of its binary interface since 1.6.
typedef struct png_image {
  void *opaque;
  uint32_t version;
  uint32_t width;
  uint32_t height;
  uint32_t format;
  uint32_t flags;
  uint32_t colormap_entries;
  uint32_t warning_or_error;
  char message[GRAYBOX_PNG_MESSAGE];
} png_image;

enum { IMAGE_VERSION = 1, FORMAT_GRAY = 0, FORMAT_COLOUR = 2, FAILED = 2 };

// Written once under `once`, constant afterwards.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *(*png_version)(const void *) = NULL;
static int (*begin_read)(png_image *, const void *, size_t) = NULL;
static int (*finish_read)(png_image *, const uint8_t *, void *, int32_t, void *) = NULL;
static int (*write_memory)(png_image *, void *, size_t *, int, const void *, int32_t,
                           const void *) = NULL;
static void (*release)(png_image *) = NULL;

static void load(void) {
#if defined(__APPLE__)
  static const char *const names[] = {"libpng16.dylib", "/opt/homebrew/lib/libpng16.dylib",
                                      "/usr/local/lib/libpng16.dylib", NULL};
#else
  static const char *const names[] = {"libpng16.so.16", "libpng16.so", NULL};
#endif
  void *library = NULL;
  for (int i = 0; names[i] != NULL && library == NULL; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return;
  begin_read = (int (*)(png_image *, const void *, size_t))dlsym(
      library, "png_image_begin_read_from_memory");
  finish_read = (int (*)(png_image *, const uint8_t *, void *, int32_t, void *))dlsym(
      library, "png_image_finish_read");
  write_memory = (int (*)(png_image *, void *, size_t *, int, const void *, int32_t,
                          const void *))dlsym(library, "png_image_write_to_memory");
  release = (void (*)(png_image *))dlsym(library, "png_image_free");
  const char *(*version)(const void *) =
      (const char *(*)(const void *))dlsym(library, "png_get_libpng_ver");
  if (begin_read != NULL && finish_read != NULL && write_memory != NULL && release != NULL)
    png_version = version;
}

const char *graybox_png_version(void) {
  pthread_once(&once, load);
  return png_version == NULL ? NULL : png_version(NULL);
}

static void started(png_image *image) {
  memset(image, 0, sizeof *image);
  image->version = IMAGE_VERSION;
}

static void take_message(const png_image *image, char message[GRAYBOX_PNG_MESSAGE]) {
  memcpy(message, image->message, GRAYBOX_PNG_MESSAGE);
  message[GRAYBOX_PNG_MESSAGE - 1] = 0;
}

int graybox_png_size(const uint8_t *file, size_t size, uint32_t *width, uint32_t *height,
                     uint32_t *channels, char message[GRAYBOX_PNG_MESSAGE]) {
  if (graybox_png_version() == NULL) return -1;
  png_image image;
  started(&image);
  const int succeeded = begin_read(&image, file, size);
  if (succeeded) {
    *width = image.width;
    *height = image.height;
    *channels = image.format & FORMAT_COLOUR ? 3 : 1;
  }
  take_message(&image, message);
  release(&image);
  return succeeded ? 0 : -2;
}

int graybox_png_read(const uint8_t *file, size_t size, uint32_t channels, uint8_t *pixels,
                     size_t capacity, char message[GRAYBOX_PNG_MESSAGE]) {
  if (graybox_png_version() == NULL) return -1;
  static const uint8_t black[3] = {0, 0, 0};
  png_image image;
  started(&image);
  int succeeded = begin_read(&image, file, size);
  if (succeeded) {
    image.format = channels == 3 ? FORMAT_COLOUR : FORMAT_GRAY;
    succeeded = (size_t)image.width * image.height * channels == capacity &&
                finish_read(&image, black, pixels, 0, NULL);
  }
  take_message(&image, message);
  release(&image);
  return succeeded ? 0 : -2;
}

int graybox_png_write(const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t *file,
                      size_t *size, char message[GRAYBOX_PNG_MESSAGE]) {
  if (graybox_png_version() == NULL) return -1;
  const size_t room = *size;
  png_image image;
  started(&image);
  image.width = width;
  image.height = height;
  image.format = FORMAT_GRAY;
  const int succeeded = write_memory(&image, file, size, 0, pixels, 0, NULL);
  take_message(&image, message);
  const int failed = (image.warning_or_error & FAILED) != 0;
  release(&image);
  if (succeeded) return 0;
  return failed || *size <= room ? -2 : -3;
}
