#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void finish(struct sink *sink) {
  if (!sink->is_finishing || (!sink->is_broken && queue_length(&sink->queue) > 0)) return;
  sink->is_finishing = false;
  sink->finished(sink);
}

static void break_off(struct sink *sink, int error) {
  sink->is_broken = true;
  sink->error = error;
  source_want(&sink->source, 0);
  queue_drop(&sink->queue, sink->queue.end);
}

static size_t write_some(struct sink *sink, const uint8_t *data, size_t length) {
  ssize_t written;
  do written = write(sink->source.fd, data, length);
  while (written < 0 && errno == EINTR);
  if (written < 0 && errno != EAGAIN) break_off(sink, errno);
  return written > 0 ? (size_t)written : 0;
}

static void on_ready(struct source *source, uint32_t events) {
  (void)events;
  struct sink *sink = source->owner;
  for (;;) {
    size_t length;
    const uint8_t *data = queue_at(&sink->queue, sink->queue.base, &length);
    if (length == 0) break;
    size_t written = write_some(sink, data, length);
    if (sink->is_broken || written == 0) break;
    queue_drop(&sink->queue, sink->queue.base + written);
  }
  if (queue_length(&sink->queue) == 0) source_want(source, 0);
  sink->changed(sink);
  finish(sink);
}

void sink_open(struct sink *sink, int fd, void *owner, void (*changed)(struct sink *),
               void (*finished)(struct sink *)) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  *sink = (struct sink){.owner = owner, .changed = changed, .finished = finished};
  sink->source = (struct source){.fd = fd, .ready = on_ready, .owner = sink};
}

void sink_push(struct sink *sink, const uint8_t *data, size_t length) {
  bool is_direct = queue_length(&sink->queue) == 0;
  while (is_direct && !sink->is_broken && length > 0) {
    size_t written = write_some(sink, data, length);
    is_direct = written > 0;
    data += written;
    length -= written;
    sink->queue.base += written;
    sink->queue.end += written;
  }
  if (sink->is_broken) {
    sink->queue.base = sink->queue.end = sink->queue.end + length;
    return;
  }
  if (length == 0) return;
  if (!queue_push(&sink->queue, data, length)) break_off(sink, ENOMEM);
  // What cannot be waited for (a regular file, /dev/null) never says EAGAIN, so its queue stays empty.
  if (!source_want(&sink->source, EPOLLOUT)) break_off(sink, errno);
}

void sink_finish(struct sink *sink) {
  sink->is_finishing = true;
  finish(sink);
}

void sink_close(struct sink *sink) {
  source_close(&sink->source);
  queue_drop(&sink->queue, sink->queue.end);
  sink->is_finishing = false;
}
