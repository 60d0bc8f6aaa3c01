#include "queue.h"

#include <stdlib.h>
#include <string.h>

static uint8_t **block_of(struct queue *queue, uint64_t offset) {
  return &queue->blocks[offset / QUEUE_BLOCK % QUEUE_BLOCKS];
}

size_t queue_length(const struct queue *queue) { return (size_t)(queue->end - queue->base); }

uint8_t *queue_room(struct queue *queue, size_t *room) {
  uint8_t **block = block_of(queue, queue->end);
  size_t used = queue->end % QUEUE_BLOCK;
  if (!*block) *block = malloc(QUEUE_BLOCK);
  *room = *block ? QUEUE_BLOCK - used : 0;
  return *block ? *block + used : NULL;
}

void queue_extend(struct queue *queue, size_t length) { queue->end += length; }

bool queue_push(struct queue *queue, const void *data, size_t length) {
  const uint8_t *from = data;
  while (length > 0) {
    size_t room;
    uint8_t *to = queue_room(queue, &room);
    if (!to) return false;
    if (room > length) room = length;
    memcpy(to, from, room);
    queue_extend(queue, room);
    from += room;
    length -= room;
  }
  return true;
}

const uint8_t *queue_at(const struct queue *queue, uint64_t offset, size_t *length) {
  size_t within = offset % QUEUE_BLOCK;
  uint64_t left = queue->end - offset;
  *length = left < QUEUE_BLOCK - within ? (size_t)left : QUEUE_BLOCK - within;
  return *length > 0 ? queue->blocks[offset / QUEUE_BLOCK % QUEUE_BLOCKS] + within : NULL;
}

void queue_drop(struct queue *queue, uint64_t offset) {
  while (queue->base < offset) {
    uint64_t next = (queue->base / QUEUE_BLOCK + 1) * QUEUE_BLOCK;
    uint8_t **block = block_of(queue, queue->base);
    queue->base = next < offset ? next : offset;
    if (queue->base == next || queue->base == queue->end) {
      free(*block);
      *block = NULL;
    }
  }
  // An empty queue may still hold a block that was made for bytes which never came.
  if (queue->base == queue->end) {
    uint8_t **block = block_of(queue, queue->base);
    free(*block);
    *block = NULL;
  }
}
