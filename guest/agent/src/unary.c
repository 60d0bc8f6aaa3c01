#include "unary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "stream.h"

struct unary {
  struct stream stream;
  struct job *job;
  const char *what;
  void (*after)(int error);
  int error;
  uint8_t *result;
  size_t length;
};

static bool pump(struct stream *stream) {
  struct unary *unary = (struct unary *)stream;
  if (unary->job) return false;
  if (unary->error) {
    send_error(stream->id, unary->error, "%s", unary->what);
  } else {
    struct writer payload = frame_begin(unary->length);
    put_bytes(&payload, unary->result, unary->length);
    send_result(&payload, stream->id);
  }
  stream_end(stream);
  return true;
}

static void end(struct stream *stream) {
  struct unary *unary = (struct unary *)stream;
  if (unary->job) job_abandon(unary->job);
  free(unary->result);
}

static const struct stream_kind kind = {.pump = pump, .end = end};

static void done(void *owner, int error, const uint8_t *result, size_t length) {
  struct unary *unary = owner;
  unary->job = NULL;
  unary->error = error;
  if (!error && length > 0) {
    unary->result = malloc(length);
    if (unary->result) memcpy(unary->result, result, length);
    unary->error = unary->result ? 0 : ENOMEM;
    unary->length = unary->result ? length : 0;
  }
  unary->stream.is_ready = true;
  if (unary->after) unary->after(unary->error);
}

bool unary_job(uint32_t id, job_work *work, const void *request, const char *what, void (*after)(int error)) {
  struct unary *unary = stream_create(id, &kind, sizeof *unary);
  if (!unary) return false;
  unary->what = what;
  unary->after = after;
  unary->job = job_start(work, request, -1, done, unary);
  if (unary->job) return true;
  send_error(id, errno, "%s", what);
  stream_end(&unary->stream);
  return false;
}
