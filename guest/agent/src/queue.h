// A queue of bytes that are addressed by their absolute offset in a channel. Memory is taken block by block as bytes
// come, and given back as they are dropped. Holds at most QUEUE_MAX bytes; callers keep to that.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUEUE_MAX = 8 << 20, QUEUE_BLOCK = 32768, QUEUE_BLOCKS = QUEUE_MAX / QUEUE_BLOCK + 2 };

struct queue {
  uint64_t base, end;  // offsets of the first byte kept and of the one after the last
  uint8_t *blocks[QUEUE_BLOCKS];
};

size_t queue_length(const struct queue *queue);
// Room for at least one byte at the end; NULL when there is no memory. Bytes put there count after queue_extend.
uint8_t *queue_room(struct queue *queue, size_t *room);
void queue_extend(struct queue *queue, size_t length);
// Appends all; false when there is no memory.
bool queue_push(struct queue *queue, const void *data, size_t length);
// The bytes at `offset` that lie together in memory; `length` is 0 at the end.
const uint8_t *queue_at(const struct queue *queue, uint64_t offset, size_t *length);
// Frees what lies before `offset`.
void queue_drop(struct queue *queue, uint64_t offset);
