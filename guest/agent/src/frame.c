#include "frame.h"

#include <string.h>

#include "crc32c.h"
#include "wire.h"

bool frame_parse(const uint8_t *header, struct frame *frame) {
  frame->length = load_u32(header);
  frame->type = header[4];
  frame->tag = load_u16(header + 6);
  frame->stream = load_u32(header + 8);
  frame->checksum = load_u32(header + 12);
  return frame->length <= FRAME_PAYLOAD_MAX && header[5] == 0;
}

bool frame_is_intact(const uint8_t *header, const struct frame *frame, const uint8_t *payload) {
  return crc32c(crc32c(0, header, 12), payload, frame->length) == frame->checksum;
}

void frame_seal(uint8_t *header, uint8_t type, uint16_t tag, uint32_t stream, uint32_t length) {
  store_u32(header, length);
  header[4] = type;
  header[5] = 0;
  store_u16(header + 6, tag);
  store_u32(header + 8, stream);
  store_u32(header + 12, crc32c(crc32c(0, header, 12), header + FRAME_HEADER, length));
}

bool sync_is_intact(const uint8_t *sync) {
  return memcmp(sync, "VLRYSYNC", 8) == 0 && crc32c(0, sync, SYNC_SIZE - 4) == load_u32(sync + SYNC_SIZE - 4);
}

void echo_write(uint8_t *echo, const uint8_t *nonce) {
  memcpy(echo, "VLRYECHO", 8);
  memcpy(echo + 8, nonce, NONCE_SIZE);
  store_u32(echo + ECHO_SIZE - 4, crc32c(0, echo, ECHO_SIZE - 4));
}
