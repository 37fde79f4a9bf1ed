// A small pool of persistent threads that allocates nothing per call.
#ifndef GRAYBOX_WORKERS_H
#define GRAYBOX_WORKERS_H

typedef struct graybox_workers graybox_workers;
typedef void (*graybox_job)(void *context, int index);

// threads >= 1, the calling thread included: threads - 1 are started.
graybox_workers *graybox_workers_create(int threads);
void graybox_workers_destroy(graybox_workers *);
int graybox_workers_threads(const graybox_workers *);
// Runs job(context, i) for i in 0..<count, each once, and returns when all are done. A call from
// inside a job of the same pool, or while another thread runs one, is run by the caller alone.
void graybox_workers_run(graybox_workers *, int count, graybox_job job, void *context);

#endif
