// The test program's own malloc and friends take the place of glibc's, which they call. Each thread
// has a counter, so that tests that run at the same time do not disturb each other.
#include "allocations.h"

#include <stddef.h>

static _Thread_local int counting;
static _Thread_local long count;

void graybox_allocations_start(void) {
  count = 0;
  counting = 1;
}

long graybox_allocations_stop(void) {
  counting = 0;
  return count;
}

#if defined(__GLIBC__) || defined(__gnu_linux__)
#include <errno.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

int graybox_allocations_counted(void) { return 1; }

void *malloc(size_t size) {
  count += counting;
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count += counting;
  return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
  count += counting;
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count += counting;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count += counting;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  count += counting;
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}
#else
int graybox_allocations_counted(void) { return 0; }
#endif
