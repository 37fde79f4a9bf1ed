// A pool of persistent threads. Nothing is allocated per run.
//
// One 64-bit word holds the state of the run: its generation, whether it is open, and how many
// workers have joined it. A worker reads the job only after it joined, and the caller changes the
// job only when the run is closed and nobody is joined, so the plain fields need no lock. A worker
// that wakes too late finds the run closed and goes back to sleep: the caller never waits for it.
#define _POSIX_C_SOURCE 200809L

#include "graybox_workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define OPEN_BIT ((uint64_t)1 << 31)
#define JOINED_MASK (OPEN_BIT - 1)
#define GENERATION(state) ((uint32_t)((state) >> 32))
// About a hundred microseconds: longer than the gap between two large nodes of a replay, since waking a
// sleeper takes as long as half a product; short enough for machines whose few cores have other work.
#define SPINS 4096
#define STACK_BYTES ((size_t)8 << 20)

struct graybox_workers {
  _Alignas(64) _Atomic uint64_t state;
  _Alignas(64) atomic_int next;  // the next index to hand out
  _Alignas(64) atomic_int busy;  // somebody is running
  atomic_int sleepers;           // workers that wait for `start`
  atomic_int caller_sleeps;
  atomic_int shutdown;
  graybox_job job;
  void *context;
  int count;
  int started;
  pthread_t *threads;
  pthread_mutex_t mutex;
  pthread_cond_t start, finished;
};

// The pool whose job this thread is running, if any.
static _Thread_local const graybox_workers *running_pool = NULL;

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

static void run_serially(int count, graybox_job job, void *context) {
  for (int i = 0; i < count; i++) job(context, i);
}

static void take_indices(graybox_workers *pool) {
  const graybox_workers *outer = running_pool;
  running_pool = pool;
  for (;;) {
    int index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (index >= pool->count) break;
    pool->job(pool->context, index);
  }
  running_pool = outer;
}

// Waits for a generation other than `seen`, spinning first; returns the state found.
static uint64_t wait_for_run(graybox_workers *pool, uint32_t seen) {
  for (int i = 0; i < SPINS; i++) {
    uint64_t state = atomic_load_explicit(&pool->state, memory_order_acquire);
    if (GENERATION(state) != seen || atomic_load(&pool->shutdown)) return state;
    relax();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (GENERATION(atomic_load(&pool->state)) == seen && !atomic_load(&pool->shutdown))
    pthread_cond_wait(&pool->start, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  uint64_t state = atomic_load(&pool->state);
  pthread_mutex_unlock(&pool->mutex);
  return state;
}

static void leave_run(graybox_workers *pool) {
  uint64_t before = atomic_fetch_sub(&pool->state, 1);
  if ((before & JOINED_MASK) == 1 && !(before & OPEN_BIT) && atomic_load(&pool->caller_sleeps)) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->finished);
    pthread_mutex_unlock(&pool->mutex);
  }
}

static void *work(void *argument) {
  graybox_workers *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    uint64_t state = wait_for_run(pool, seen);
    if (atomic_load(&pool->shutdown)) return NULL;
    seen = GENERATION(state);
    while ((state & OPEN_BIT) && GENERATION(state) == seen) {
      if (atomic_compare_exchange_weak(&pool->state, &state, state + 1)) {
        take_indices(pool);
        leave_run(pool);
        break;
      }
    }
  }
}

// Starts one worker with every signal blocked, so that handlers run on the program's own threads.
static int start_worker(graybox_workers *pool, pthread_t *thread) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return 0;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int started = pthread_create(thread, &attributes, work, pool) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return started;
}

graybox_workers *graybox_workers_create(int threads) {
  size_t bytes = (sizeof(graybox_workers) + 63) & ~(size_t)63;
  graybox_workers *pool = aligned_alloc(64, bytes);
  if (pool == NULL) return NULL;
  atomic_init(&pool->state, 0);
  atomic_init(&pool->next, 0);
  atomic_init(&pool->busy, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->caller_sleeps, 0);
  atomic_init(&pool->shutdown, 0);
  pool->job = NULL;
  pool->context = NULL;
  pool->count = 0;
  pool->started = 0;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->start, NULL);
  pthread_cond_init(&pool->finished, NULL);
  size_t others = threads > 1 ? (size_t)threads - 1 : 0;
  pool->threads = others > 0 ? calloc(others, sizeof(pthread_t)) : NULL;
  if (pool->threads == NULL) return pool;
  // Fewer threads than asked for is a slower pool, not an error.
  while ((size_t)pool->started < others && start_worker(pool, &pool->threads[pool->started]))
    pool->started++;
  return pool;
}

void graybox_workers_destroy(graybox_workers *pool) {
  if (pool == NULL) return;
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->shutdown, 1);
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->mutex);
  for (int i = 0; i < pool->started; i++) pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->start);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->threads);
  free(pool);
}

int graybox_workers_threads(const graybox_workers *pool) {
  return pool == NULL ? 1 : pool->started + 1;
}

static void wake_workers(graybox_workers *pool, int wanted) {
  int sleeping = atomic_load(&pool->sleepers);
  if (sleeping == 0) return;
  pthread_mutex_lock(&pool->mutex);
  if (wanted >= sleeping) {
    pthread_cond_broadcast(&pool->start);
  } else {
    for (int i = 0; i < wanted; i++) pthread_cond_signal(&pool->start);
  }
  pthread_mutex_unlock(&pool->mutex);
}

static void wait_for_workers(graybox_workers *pool) {
  for (int i = 0; i < SPINS; i++) {
    if ((atomic_load_explicit(&pool->state, memory_order_acquire) & JOINED_MASK) == 0) return;
    relax();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->caller_sleeps, 1);
  while ((atomic_load(&pool->state) & JOINED_MASK) != 0)
    pthread_cond_wait(&pool->finished, &pool->mutex);
  atomic_store(&pool->caller_sleeps, 0);
  pthread_mutex_unlock(&pool->mutex);
}

void graybox_workers_run(graybox_workers *pool, int count, graybox_job job, void *context) {
  if (pool == NULL || pool->started == 0 || count <= 1 || running_pool == pool ||
      atomic_exchange_explicit(&pool->busy, 1, memory_order_acquire)) {
    run_serially(count, job, context);
    return;
  }
  pool->job = job;
  pool->context = context;
  pool->count = count;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  uint64_t generation = (uint64_t)GENERATION(atomic_load(&pool->state)) + 1;
  atomic_store(&pool->state, generation << 32 | OPEN_BIT);
  wake_workers(pool, count - 1);
  take_indices(pool);
  atomic_fetch_and(&pool->state, ~OPEN_BIT);
  wait_for_workers(pool);
  atomic_store_explicit(&pool->busy, 0, memory_order_release);
}
