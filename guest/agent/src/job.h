// Work that may take long (a big removal, a name look-up, an fsync) is done by a forked child, so that the loop never
// waits.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

// Runs in the child: writes its result and returns 0, or returns an errno.
typedef int job_work(const void *request, struct writer *result);
// Runs in the agent when the child is done. `owner` is NULL if job_abandon was called.
typedef void job_done(void *owner, int error, const uint8_t *result, size_t length);

struct job;

// NULL with errno when it cannot be started. The request is only read in the child, which keeps no descriptor of ours
// but `kept_fd` (-1: none).
struct job *job_start(job_work *work, const void *request, int kept_fd, job_done *done, void *owner);
// The owner goes away; the work is finished nevertheless.
void job_abandon(struct job *job);
