// The two ends of a window: section 4 of PROTOCOL.md. Declared in stream.h.
#include "frame.h"
#include "session.h"
#include "stream.h"

bool sending_window(struct sending *sending, uint64_t acknowledged, uint64_t limit) {
  if (acknowledged > sending->sent) return false;
  if (limit > acknowledged && limit - acknowledged > WINDOW_MAX) return false;
  if (acknowledged > sending->acknowledged) sending->acknowledged = acknowledged;
  if (limit > sending->limit) sending->limit = limit;
  return true;
}

size_t sending_room(const struct sending *sending) {
  if (sending->limit <= sending->sent) return 0;
  uint64_t room = sending->limit - sending->sent;
  return room < DATA_MAX ? (size_t)room : DATA_MAX;
}

uint8_t *data_frame_begin(struct writer *frame, const struct sending *sending, uint8_t channel) {
  *frame = frame_begin(DATA_HEADER + DATA_MAX);
  put_u8(frame, channel);
  put_u64(frame, sending->sent);
  return frame->full ? NULL : frame->at;
}

void data_frame_send(struct writer *frame, uint32_t id, struct sending *sending, size_t length) {
  frame->at += length;
  sending->sent += length;
  frame_send(frame, FRAME_DATA, id);
}

bool receiving_data(struct receiving *receiving, uint64_t offset, size_t length) {
  if (receiving->has_eof || offset != receiving->received) return false;
  if (length > receiving->granted || offset > receiving->granted - length) return false;
  receiving->received += length;
  return true;
}

bool receiving_eof(struct receiving *receiving, uint64_t offset) {
  if (offset != receiving->received) return false;
  receiving->has_eof = true;
  return true;
}

bool receiving_is_due(const struct receiving *receiving, uint64_t consumed, uint32_t size) {
  if (receiving->has_eof) return receiving->acknowledged < receiving->received;
  return consumed + size >= receiving->granted + size / 4;
}

void receiving_send_window(struct receiving *receiving, uint32_t id, uint64_t consumed, uint32_t size) {
  receiving->granted = consumed + size;
  receiving->acknowledged = receiving->received;
  struct writer payload = frame_begin(17);
  put_u8(&payload, CHANNEL_IN);
  put_u64(&payload, receiving->acknowledged);
  put_u64(&payload, receiving->granted);
  frame_send(&payload, FRAME_WINDOW, id);
}
