#include "stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "kinds.h"
#include "link.h"
#include "session.h"

static struct stream *table[STREAMS_MAX];
static unsigned cursor;  // whose turn it is to send

static struct stream **slot_of(uint32_t id) {
  for (int i = 0; i < STREAMS_MAX; i++)
    if (table[i] && table[i]->id == id) return &table[i];
  return NULL;
}

static struct stream **free_slot(void) {
  for (int i = 0; i < STREAMS_MAX; i++)
    if (!table[i]) return &table[i];
  return NULL;
}

void *stream_create(uint32_t id, const struct stream_kind *kind, size_t size) {
  struct stream **slot = free_slot();
  struct stream *stream = slot ? calloc(1, size) : NULL;
  if (!stream) {
    send_error(id, slot ? ENOMEM : EMFILE, "stream");
    return NULL;
  }
  stream->id = id;
  stream->kind = kind;
  *slot = stream;
  return stream;
}

static void end_slot(struct stream **slot) {
  struct stream *stream = *slot;
  *slot = NULL;
  stream->kind->end(stream);
  free(stream);
}

void stream_end(struct stream *stream) { end_slot(slot_of(stream->id)); }

void streams_end_all(void) {
  for (int i = 0; i < STREAMS_MAX; i++)
    if (table[i]) end_slot(&table[i]);
}

bool streams_are_open(void) {
  for (int i = 0; i < STREAMS_MAX; i++)
    if (table[i]) return true;
  return false;
}

static bool open_stream(uint32_t id, struct reader *payload) {
  if (slot_of(id)) return false;
  uint8_t kind = take_u8(payload);
  if (payload->bad) return false;
  open_kind(kind, id, payload);
  return true;
}

static bool take_data(struct stream *stream, struct reader *payload) {
  uint8_t channel = take_u8(payload);
  uint64_t offset = take_u64(payload);
  if (payload->bad || !stream->kind->data) return false;
  size_t length = (size_t)(payload->end - payload->at);
  return length > 0 && length <= DATA_MAX && stream->kind->data(stream, channel, offset, payload->at, length);
}

static bool take_window(struct stream *stream, struct reader *payload) {
  uint8_t channel = take_u8(payload);
  uint64_t acknowledged = take_u64(payload), limit = take_u64(payload);
  return reader_is_finished(payload) && stream->kind->window &&
         stream->kind->window(stream, channel, acknowledged, limit);
}

static bool take_eof(struct stream *stream, struct reader *payload) {
  uint8_t channel = take_u8(payload);
  uint64_t offset = take_u64(payload);
  return reader_is_finished(payload) && stream->kind->eof && stream->kind->eof(stream, channel, offset);
}

static bool take_signal(struct stream *stream, struct reader *payload) {
  uint32_t number = take_u32(payload);
  return reader_is_finished(payload) && stream->kind->signal && stream->kind->signal(stream, number);
}

static bool take_resize(struct stream *stream, struct reader *payload) {
  uint16_t rows = take_u16(payload), columns = take_u16(payload);
  return reader_is_finished(payload) && stream->kind->resize && stream->kind->resize(stream, rows, columns);
}

static bool take_control(struct stream *stream, struct reader *payload) {
  uint8_t what = take_u8(payload);
  uint32_t grace_ms = take_u32(payload);
  return reader_is_finished(payload) && stream->kind->control && stream->kind->control(stream, what, grace_ms);
}

static bool is_host_frame(uint8_t type) {
  return type == FRAME_DATA || type == FRAME_EOF || type == FRAME_WINDOW || type == FRAME_SIGNAL ||
         type == FRAME_RESIZE || type == FRAME_CONTROL || type == FRAME_CLOSE;
}

bool stream_take_frame(uint32_t id, uint8_t type, struct reader *payload) {
  if (type == FRAME_OPEN) return open_stream(id, payload);
  if (!is_host_frame(type)) return false;
  struct stream **slot = slot_of(id);
  // It may have ended while this frame was under way.
  if (!slot) return true;
  switch (type) {
    case FRAME_DATA:
      return take_data(*slot, payload);
    case FRAME_EOF:
      return take_eof(*slot, payload);
    case FRAME_WINDOW:
      return take_window(*slot, payload);
    case FRAME_SIGNAL:
      return take_signal(*slot, payload);
    case FRAME_RESIZE:
      return take_resize(*slot, payload);
    case FRAME_CONTROL:
      return take_control(*slot, payload);
    default:
      if (!reader_is_finished(payload)) return false;
      if ((*slot)->kind->close) (*slot)->kind->close(*slot);
      end_slot(slot);
      return true;
  }
}

bool streams_pump(void) {
  enum { ROUNDS = 8 };
  for (int round = 0; round < ROUNDS; round++) {
    bool sent = false;
    for (int i = 0; i < STREAMS_MAX; i++) {
      struct stream *stream = table[cursor % STREAMS_MAX];
      if (stream && stream->is_ready) {
        if (!link_has_room_for_data()) return true;
        uint32_t id = stream->id;
        bool has_sent = stream->kind->pump(stream);
        sent = sent || has_sent;
        // The pump may have ended the stream; if not, it is ready as long as it finds something to send.
        stream = table[cursor % STREAMS_MAX];
        if (stream && stream->id == id) stream->is_ready = has_sent;
      }
      cursor++;
    }
    if (!sent) return false;
  }
  return true;
}

void send_result(struct writer *payload, uint32_t id) { frame_send(payload, FRAME_RESULT, id); }

void send_empty_result(uint32_t id) {
  struct writer payload = frame_begin(0);
  send_result(&payload, id);
}

void send_eof(uint32_t id, uint8_t channel, uint64_t offset) {
  struct writer payload = frame_begin(9);
  put_u8(&payload, channel);
  put_u64(&payload, offset);
  frame_send(&payload, FRAME_EOF, id);
}

void send_error(uint32_t id, int error, const char *what, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, what);
  int length = vsnprintf(message, sizeof message, what, arguments);
  va_end(arguments);
  if (length < 0) length = 0;
  if ((size_t)length < sizeof message) {
    int more = snprintf(message + length, sizeof message - (size_t)length, ": %s", strerror(error));
    length += more < 0 ? 0 : more;
  }
  if ((size_t)length >= sizeof message) length = sizeof message - 1;
  struct writer payload = frame_begin(sizeof message + 8);
  put_u16(&payload, (uint16_t)error);
  put_text(&payload, message, (size_t)length);
  frame_send(&payload, FRAME_ERROR, id);
}
