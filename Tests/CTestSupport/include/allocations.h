// Counts heap allocations, for tests that promise none.
#ifndef GRAYBOX_TEST_ALLOCATIONS_H
#define GRAYBOX_TEST_ALLOCATIONS_H

// Whether this platform can count (glibc can: its own functions stay reachable by other names).
int graybox_allocations_counted(void);
// Starts counting the calling thread's allocations from zero.
void graybox_allocations_start(void);
// Stops and returns how many there were.
long graybox_allocations_stop(void);

#endif
