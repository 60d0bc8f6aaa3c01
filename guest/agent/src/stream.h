// Streams: the table of those open, how frames reach them, and the two ends of a window (section 4 of PROTOCOL.md).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum { STREAMS_MAX = 256 };

struct stream;

// What a kind of stream does with frames. A function that is absent: the frame is a violation. `false` from any of the
// takers too. Only `pump` may end its own stream.
struct stream_kind {
  bool (*data)(struct stream *stream, uint8_t channel, uint64_t offset, const uint8_t *data, size_t length);
  bool (*eof)(struct stream *stream, uint8_t channel, uint64_t offset);
  bool (*window)(struct stream *stream, uint8_t channel, uint64_t acknowledged, uint64_t limit);
  bool (*signal)(struct stream *stream, uint32_t number);
  bool (*resize)(struct stream *stream, uint16_t rows, uint16_t columns);
  bool (*control)(struct stream *stream, uint8_t what, uint32_t grace_ms);
  // Sends at most one frame; true if it did. Called while the stream is `is_ready` and there is room.
  bool (*pump)(struct stream *stream);
  // The host has sent CLOSE; `end` comes next. May be absent.
  void (*close)(struct stream *stream);
  // Frees what the stream holds, not the stream itself. By the host's CLOSE, by its own end, or with the session.
  void (*end)(struct stream *stream);
};

// The first member of each kind's own struct.
struct stream {
  uint32_t id;
  bool is_ready;  // has, or may have, something to send
  const struct stream_kind *kind;
};

// Makes a stream of `size` bytes, zeroed. NULL after answering EMFILE or ENOMEM.
void *stream_create(uint32_t id, const struct stream_kind *kind, size_t size);
// Ends and frees it. Nothing is sent.
void stream_end(struct stream *stream);
void streams_end_all(void);
bool streams_are_open(void);
// False: the frame violates the protocol.
bool stream_take_frame(uint32_t id, uint8_t type, struct reader *payload);
// Lets the streams send, in turn, while there is room. True when it ran out of room or time before they ran out of
// data.
bool streams_pump(void);

// RESULT: begun with enough room for the largest, or for `capacity`.
void send_result(struct writer *payload, uint32_t id);
void send_empty_result(uint32_t id);
void send_eof(uint32_t id, uint8_t channel, uint64_t offset);
// `what` goes before the words for the errno: "open /x: No such file or directory".
__attribute__((format(printf, 3, 4))) void send_error(uint32_t id, int error, const char *what, ...);

// The sending end of a channel.
struct sending {
  uint64_t sent, acknowledged, limit;
  bool eof_sent;
};
// Takes a WINDOW from the host; false when it acknowledges what was not sent, or grants too much.
bool sending_window(struct sending *sending, uint64_t acknowledged, uint64_t limit);
// How many bytes one DATA may carry now.
size_t sending_room(const struct sending *sending);
// DATA with `length` bytes, which the caller has put at data_frame_begin()'s return.
uint8_t *data_frame_begin(struct writer *frame, const struct sending *sending, uint8_t channel);
void data_frame_send(struct writer *frame, uint32_t id, struct sending *sending, size_t length);

// The receiving end of a channel.
struct receiving {
  uint64_t received, granted, acknowledged;
  bool has_eof;
};
bool receiving_data(struct receiving *receiving, uint64_t offset, size_t length);
bool receiving_eof(struct receiving *receiving, uint64_t offset);
// Whether a WINDOW is worth sending when `consumed` bytes have left the agent's memory and it keeps up to `size`.
bool receiving_is_due(const struct receiving *receiving, uint64_t consumed, uint32_t size);
void receiving_send_window(struct receiving *receiving, uint32_t id, uint64_t consumed, uint32_t size);
