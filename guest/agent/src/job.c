#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "linux-abi.h"
#include "loop.h"

enum { JOBS_MAX = 64, RESULT_MAX = FRAME_PAYLOAD_MAX + 2 };

struct job {
  struct source pipe;
  job_done *done;
  void *owner;
  size_t length, capacity;
  uint8_t *result;  // u16 errno, then what the work wrote
};

static int job_count;

static _Noreturn void run(job_work *work, const void *request, int pipe, int kept_fd) {
  close_all_but(pipe, kept_fd);
  static uint8_t result[RESULT_MAX];
  struct writer writer = writer_over(result + 2, RESULT_MAX - 2);
  int error = work(request, &writer);
  store_u16(result, (uint16_t)error);
  size_t length = 2 + (error ? 0 : writer_length(&writer));
  for (size_t sent = 0; sent < length;) {
    ssize_t written = write(pipe, result + sent, length - sent);
    if (written < 0 && errno != EINTR) _exit(1);
    if (written > 0) sent += (size_t)written;
  }
  _exit(0);
}

static void finish(struct job *job) {
  bool is_whole = job->length >= 2;
  int error = is_whole ? load_u16(job->result) : EIO;  // EIO: the child was killed
  source_close(&job->pipe);
  if (job->owner) job->done(job->owner, error, is_whole ? job->result + 2 : NULL, is_whole ? job->length - 2 : 0);
  free(job->result);
  free(job);
  job_count--;
}

static bool make_room(struct job *job) {
  if (job->length < job->capacity) return true;
  size_t capacity = job->capacity ? RESULT_MAX : 512;
  uint8_t *result = realloc(job->result, capacity);
  if (!result) return false;
  job->result = result;
  job->capacity = capacity;
  return job->length < capacity;
}

static void on_ready(struct source *source, uint32_t events) {
  (void)events;
  struct job *job = source->owner;
  for (;;) {
    uint8_t surplus;
    bool has_room = make_room(job);
    ssize_t length = has_room ? read(source->fd, job->result + job->length, job->capacity - job->length)
                              : read(source->fd, &surplus, 1);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return;
    if (length > 0 && has_room) {
      job->length += (size_t)length;
      continue;
    }
    if (length > 0) job->length = 0;  // more than there can be: not a result
    finish(job);
    return;
  }
}

struct job *job_start(job_work *work, const void *request, int kept_fd, job_done *done, void *owner) {
  int ends[2];
  if (job_count >= JOBS_MAX) {
    errno = EAGAIN;
    return NULL;
  }
  struct job *job = calloc(1, sizeof *job);
  if (!job || pipe2(ends, O_CLOEXEC) != 0) {
    free(job);
    return NULL;
  }
  pid_t pid = fork();
  if (pid == 0) run(work, request, ends[1], kept_fd);
  close(ends[1]);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *job = (struct job){.pipe = {.fd = ends[0], .ready = on_ready, .owner = job}, .done = done, .owner = owner};
  if (pid < 0 || !source_want(&job->pipe, EPOLLIN)) {
    int error = errno;
    close(ends[0]);
    free(job);
    errno = error;
    return NULL;
  }
  job_count++;
  return job;
}

void job_abandon(struct job *job) { job->owner = NULL; }
