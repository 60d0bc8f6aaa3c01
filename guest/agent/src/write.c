// WRITE: the bytes go to a target as they come; at EOF a job makes them durable and visible.
#include <errno.h>
#include <unistd.h>

#include "frame.h"
#include "job.h"
#include "kinds.h"
#include "path.h"
#include "session.h"
#include "sink.h"
#include "stream.h"
#include "target.h"

enum { KEPT_MAX = 512 * 1024, FLAG_PARENTS = 1 };

struct writing {
  struct stream stream;
  struct target target;
  struct sink sink;  // a regular file takes everything at once, a pipe or terminal may not
  struct receiving receiving;
  struct job *commit;
  bool is_committed;
  int error;
};

static void on_committed(void *owner, int error, const uint8_t *result, size_t length) {
  (void)result, (void)length;
  struct writing *writing = owner;
  writing->commit = NULL;
  writing->is_committed = !error;
  writing->error = error;
  writing->stream.is_ready = true;
}

static int commit(const void *request, struct writer *result) {
  (void)result;
  return target_commit(request);
}

static void on_changed(struct sink *sink) { ((struct writing *)sink->owner)->stream.is_ready = true; }

static void on_written(struct sink *sink) {
  struct writing *writing = sink->owner;
  writing->stream.is_ready = true;
  if (sink->is_broken) return;
  const struct target *target = &writing->target;
  writing->is_committed = target->is_direct;
  if (target->is_direct) return;
  writing->commit = job_start(commit, target, target->fd, on_committed, writing);
  if (!writing->commit) writing->error = errno;
}

static bool take_data(struct stream *stream, uint8_t channel, uint64_t offset, const uint8_t *data, size_t length) {
  struct writing *writing = (struct writing *)stream;
  if (channel != CHANNEL_IN || !receiving_data(&writing->receiving, offset, length)) return false;
  sink_push(&writing->sink, data, length);
  stream->is_ready = true;
  return true;
}

static bool take_eof(struct stream *stream, uint8_t channel, uint64_t offset) {
  struct writing *writing = (struct writing *)stream;
  if (writing->receiving.has_eof) return true;
  if (channel != CHANNEL_IN || !receiving_eof(&writing->receiving, offset)) return false;
  sink_finish(&writing->sink);
  stream->is_ready = true;
  return true;
}

static bool pump(struct stream *stream) {
  struct writing *writing = (struct writing *)stream;
  if (!writing->error && writing->sink.is_broken) writing->error = writing->sink.error;
  if (writing->error) {
    send_error(stream->id, writing->error, "write %s", writing->target.path);
    stream_end(stream);
    return true;
  }
  uint64_t consumed = writing->sink.queue.base;
  if (receiving_is_due(&writing->receiving, consumed, KEPT_MAX)) {
    receiving_send_window(&writing->receiving, stream->id, consumed, KEPT_MAX);
    return true;
  }
  if (!writing->is_committed) return false;
  struct writer result = frame_begin(8);
  put_u64(&result, writing->receiving.received);
  send_result(&result, stream->id);
  stream_end(stream);
  return true;
}

static void end(struct stream *stream) {
  struct writing *writing = (struct writing *)stream;
  // A commit under way has renamed the temporary file already, or will find that it is gone.
  if (writing->commit) job_abandon(writing->commit);
  if (!writing->is_committed && !writing->target.is_direct) target_discard(&writing->target);
  sink_close(&writing->sink);
}

static const struct stream_kind kind = {.data = take_data, .eof = take_eof, .pump = pump, .end = end};

void write_open(uint32_t id, struct reader *request) {
  struct path path;
  take_path(request, &path);
  uint32_t mode = take_u32(request);
  uint8_t flags = take_u8(request);
  if (refuse_request(id, request, &path)) return;
  if ((mode > 07777 && mode != MODE_KEPT) || flags > FLAG_PARENTS) {
    send_error(id, EINVAL, "write %s", path.text);
    return;
  }
  struct writing *writing = stream_create(id, &kind, sizeof *writing);
  if (!writing) return;
  sink_open(&writing->sink, -1, writing, on_changed, on_written);
  int error = target_open(&writing->target, path.text, mode, flags & FLAG_PARENTS);
  if (error) {
    send_error(id, error, "write %s", path.text);
    *writing->target.temporary = 0;
    stream_end(&writing->stream);
    return;
  }
  sink_open(&writing->sink, writing->target.fd, writing, on_changed, on_written);
  writing->stream.is_ready = true;
  send_empty_result(id);
}
