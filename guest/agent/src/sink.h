// Bytes on their way into a pipe, socket, terminal or device that may not take them at once.
#pragma once
#include "loop.h"
#include "queue.h"

struct sink {
  struct source source;
  struct queue queue;
  bool is_finishing, is_broken;
  int error;  // why it is broken
  void *owner;
  void (*changed)(struct sink *sink);   // bytes have left the queue, or it broke
  void (*finished)(struct sink *sink);  // everything before sink_finish has been written, or it broke; once
};

// Takes the fd over and makes it non-blocking.
void sink_open(struct sink *sink, int fd, void *owner, void (*changed)(struct sink *), void (*finished)(struct sink *));
// Writes or keeps the bytes. A broken sink swallows them: its reader is gone.
void sink_push(struct sink *sink, const uint8_t *data, size_t length);
void sink_finish(struct sink *sink);
void sink_close(struct sink *sink);
