// A request that is answered once, by a job.
#pragma once
#include "job.h"

// `what` begins the message of an ERROR and must live as long as the program. `after` (may be NULL) hears how it went,
// unless the stream was closed before. Returns false, having answered, when the job cannot be started.
bool unary_job(uint32_t id, job_work *work, const void *request, const char *what, void (*after)(int error));
