// The shape of frames, SYNC and ECHO on the wire: sections 1 and 2 of PROTOCOL.md.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  FRAME_HEADER = 16,
  FRAME_PAYLOAD_MAX = 65536,
  DATA_MAX = 32768,
  DATA_HEADER = 9,
  WINDOW_MAX = 1 << 20,
  KEY_SIZE = 16,
  NONCE_SIZE = 16,
  SYNC_SIZE = 44,
  ECHO_SIZE = 28,
};

enum frame_type {
  FRAME_HELLO = 1,
  FRAME_PING = 2,
  FRAME_PONG = 3,
  FRAME_OPEN = 16,
  FRAME_RESULT = 17,
  FRAME_ERROR = 18,
  FRAME_DATA = 19,
  FRAME_EOF = 20,
  FRAME_WINDOW = 21,
  FRAME_SIGNAL = 22,
  FRAME_RESIZE = 23,
  FRAME_EXIT = 24,
  FRAME_CLOSE = 25,
  FRAME_EVENT = 26,
  FRAME_CONTROL = 27,
  FRAME_HINTS = 64,  // from here up: ignored
};

enum channel { CHANNEL_IN = 0, CHANNEL_OUT = 1, CHANNEL_ERR = 2 };

struct frame {
  uint32_t length;
  uint8_t type;
  uint16_t tag;
  uint32_t stream;
  uint32_t checksum;
};

// Reads the 16 bytes of a header. False when no correct frame can begin so.
bool frame_parse(const uint8_t *header, struct frame *frame);
// True when the checksum of the header and the payload after it is right.
bool frame_is_intact(const uint8_t *header, const struct frame *frame, const uint8_t *payload);
// Writes the header in front of a payload that is in its place already.
void frame_seal(uint8_t *header, uint8_t type, uint16_t tag, uint32_t stream, uint32_t length);

// True when these SYNC_SIZE bytes are a SYNC, whatever its key.
bool sync_is_intact(const uint8_t *sync);
void echo_write(uint8_t *echo, const uint8_t *nonce);
