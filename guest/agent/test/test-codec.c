// The codec alone: checksums, golden frames, readers that are given too little, queues.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "crc32c.h"
#include "frame.h"
#include "queue.h"
#include "wire.h"

static void crc32c_vectors(void) {
  uint8_t bytes[32];
  crc32c_init();
  CHECK(crc32c(0, "123456789", 9) == 0xE3069283);
  // RFC 3720 B.4.
  memset(bytes, 0, sizeof bytes);
  CHECK(crc32c(0, bytes, 32) == 0x8A9136AA);
  memset(bytes, 0xff, sizeof bytes);
  CHECK(crc32c(0, bytes, 32) == 0x62A8AB43);
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)i;
  CHECK(crc32c(0, bytes, 32) == 0x46DD794E);
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(31 - i);
  CHECK(crc32c(0, bytes, 32) == 0x113FDB5C);
}

static void crc32c_ways_agree(void) {
  uint8_t bytes[1000];
  crc32c_init();
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i + 7);
  for (size_t length = 0; length < 300; length++) {
    const uint8_t *from = bytes + length % 11;
    uint32_t whole = crc32c(0, from, length);
    CHECK(crc32c_by_table(0, from, length) == whole);
    CHECK(crc32c(crc32c(0, from, length / 3), from + length / 3, length - length / 3) == whole);
  }
}

// ---- golden frames

struct json {
  const char *at;
};

// To the next value of an object or list, past keys and punctuation.
static bool next_value(struct json *json) {
  for (;;) {
    json->at += strspn(json->at, ",:{}[] \n");
    if (*json->at == '"') {
      const char *end = json->at + 1;
      while (*end != '"') end += *end == '\\' ? 2 : 1;
      if (end[1] != ':') return true;
      json->at = end + 1;
      continue;
    }
    return *json->at == '-' || isdigit((unsigned char)*json->at);
  }
}

static int64_t json_number(struct json *json) {
  char *end;
  CHECK(next_value(json) && *json->at != '"');
  int64_t value = strtoll(json->at, &end, 10);
  json->at = end;
  return value;
}

// The golden file's strings hold no escapes.
static struct text json_string(struct json *json) {
  CHECK(next_value(json) && *json->at == '"');
  const char *start = json->at + 1, *end = strchr(start, '"');
  json->at = end + 1;
  return (struct text){start, (uint32_t)(end - start)};
}

static uint64_t json_u64(struct json *json) { return strtoull(json_string(json).data, NULL, 10); }

static size_t from_hex(const char *hex, size_t length, uint8_t *to) {
  for (size_t i = 0; i < length / 2; i++) {
    unsigned byte;
    CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
    to[i] = (uint8_t)byte;
  }
  return length / 2;
}

static void put_hex(struct writer *writer, struct text hex) {
  static uint8_t bytes[FRAME_PAYLOAD_MAX];
  put_bytes(writer, bytes, from_hex(hex.data, hex.length, bytes));
}

static void put_entry_from(struct writer *writer, struct json *json) {
  struct text name = json_string(json), type = json_string(json);
  put_text(writer, name.data, name.length);
  put_u8(writer, (uint8_t)*type.data);
  for (int i = 0; i < 3; i++) put_u32(writer, (uint32_t)json_number(json));
  for (int i = 0; i < 2; i++) put_u64(writer, json_u64(json));
  struct text link = json_string(json);
  put_text(writer, link.data, link.length);
}

static uint32_t count_list(const char *list, char opening) {
  uint32_t count = 0;
  for (const char *at = strchr(list, '[') + 1; *at != ']'; at++) {
    bool is_item = *at == opening;
    count += is_item;
    // Past the string, so that what is in it does not count.
    if (*at == '"') at = strchr(at + 1, '"');
  }
  return count;
}

// One field a letter: b u8, h u16, w u32, q u64, s str, x raw hex, l list<str>, E Entry, F list<Entry>.
static void put_field(struct writer *writer, char field, struct json *json) {
  struct text text;
  uint32_t count;
  switch (field) {
    case 'b':
      put_u8(writer, (uint8_t)json_number(json));
      break;
    case 'h':
      put_u16(writer, (uint16_t)json_number(json));
      break;
    case 'w':
      put_u32(writer, (uint32_t)json_number(json));
      break;
    case 'q':
      put_u64(writer, json_u64(json));
      break;
    case 's':
      text = json_string(json);
      put_text(writer, text.data, text.length);
      break;
    case 'x':
      put_hex(writer, json_string(json));
      break;
    case 'l':
      put_u32(writer, count = count_list(json->at, '"'));
      for (; count > 0; count--) put_field(writer, 's', json);
      break;
    case 'E':
      put_entry_from(writer, json);
      break;
    case 'F':
      put_u32(writer, count = count_list(json->at, '{'));
      for (; count > 0; count--) put_entry_from(writer, json);
      break;
    default:
      CHECK(false);
  }
}

// What follows the common fields, by the beginning of the frame's name. A digit first: the kind of an OPEN.
static const struct {
  const char *name, *fields;
  uint8_t type, kind;
} layouts[] = {
    {"hello-host", "hhq", 1, 0},
    {"hello-guest", "hsqxwbl", 1, 0},
    {"ping", "q", 2, 0},
    {"pong", "q", 3, 0},
    {"open-exec-supervised", "xbwssllhhqqbwww", 16, 1},
    {"open-exec", "xbwssllhhqq", 16, 1},
    {"result-exec-supervised", "wbqqqq", 17, 0},
    {"result-exec", "wbqq", 17, 0},
    {"run-event", "bwwqwwqqqq", 26, 0},
    {"control", "bw", 27, 0},
    {"exit", "wwbqqq", 24, 0},
    {"signal", "w", 22, 0},
    {"resize", "hh", 23, 0},
    {"data", "bqx", 19, 0},
    {"eof", "bq", 20, 0},
    {"window", "bqq", 21, 0},
    {"close", "", 25, 0},
    {"error", "hs", 18, 0},
    {"open-read", "sqq", 16, 2},
    {"result-read", "qwq", 17, 0},
    {"open-write", "swb", 16, 3},
    {"result-write-opened", "", 17, 0},
    {"result-write-done", "q", 17, 0},
    {"open-list", "sws", 16, 4},
    {"result-list", "bF", 17, 0},
    {"open-stats-counts", "b", 16, 11},
    {"open-stat", "sb", 16, 5},
    {"result-stats-counts", "qqqqqqqqqqqqqqqqwwwwqqqq", 17, 0},
    {"result-stats", "qqqqqqqqqqqqqqqqwwww", 17, 0},
    {"result-stat", "E", 17, 0},
    {"open-mkdir", "swb", 16, 6},
    {"result-mkdir", "", 17, 0},
    {"open-remove", "sb", 16, 7},
    {"result-remove", "", 17, 0},
    {"open-rename", "ss", 16, 8},
    {"result-rename", "", 17, 0},
    {"open-watch", "sb", 16, 9},
    {"result-watch", "", 17, 0},
    {"event", "bs", 26, 0},
    {"open-tcp", "sh", 16, 10},
    {"result-tcp", "", 17, 0},
    {"open-identify", "sxqlx", 16, 12},
    {"result-identify", "q", 17, 0},
    {"open-shutdown", "bw", 16, 13},
    {"result-shutdown", "", 17, 0},
    {"open-freeze", "", 16, 14},
    {"result-freeze", "w", 17, 0},
    {"open-thaw", "", 16, 15},
    {"result-thaw", "w", 17, 0},
    {"open-prepare", "", 16, 16},
    {"result-prepare", "", 17, 0},
    {"open-tools-wait", "bsw", 16, 17},
    {"open-tools", "bswsbqq", 16, 17},
    {"result-tools", "", 17, 0},
    {"open-grow", "", 16, 18},
    {"result-grow", "wqq", 17, 0},
    {"hint", "x", 64, 0},
};

static int layout_of(const char *name) {
  if (strcmp(name, "open-stats") == 0) return -1;
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
    if (strncmp(name, layouts[i].name, strlen(layouts[i].name)) == 0) return (int)i;
  fprintf(stderr, "no layout for %s\n", name);
  CHECK(false);
  return -1;
}

// Past the common fields ("from", "type", "tag", "stream") and "kind", which the layout knows.
static struct json own_fields(const char *text) {
  struct json json = {strstr(text, "\"stream\":")};
  CHECK(json.at);
  json_number(&json);
  const char *kind = strstr(json.at, ",\"kind\":");
  if (kind == json.at) {
    json.at += strlen(",\"kind\":");
    json_string(&json);
  }
  return json;
}

static void check_golden(const char *name, const uint8_t *bytes, size_t length, const char *fields) {
  static uint8_t made[FRAME_HEADER + FRAME_PAYLOAD_MAX];
  struct frame frame;
  CHECK(length >= FRAME_HEADER && frame_parse(bytes, &frame));
  CHECK_EQUAL(frame.length, length - FRAME_HEADER);
  CHECK(frame_is_intact(bytes, &frame, bytes + FRAME_HEADER));

  struct writer writer = writer_over(made + FRAME_HEADER, FRAME_PAYLOAD_MAX);
  struct json json = own_fields(fields);
  int layout = layout_of(name);
  if (frame.type == FRAME_OPEN) put_u8(&writer, layout < 0 ? 11 : layouts[layout].kind);
  for (const char *field = layout < 0 ? "" : layouts[layout].fields; *field; field++) put_field(&writer, *field, &json);
  CHECK(!next_value(&json));
  frame_seal(made, layout < 0 ? FRAME_OPEN : layouts[layout].type, 0xb2a1, frame.stream,
             (uint32_t)writer_length(&writer));
  if (writer_length(&writer) + FRAME_HEADER != length || memcmp(made, bytes, length) != 0) {
    fprintf(stderr, "golden frame %s differs\n", name);
    CHECK(false);
  }
}

static void check_session_line(const char *name, const uint8_t *bytes, size_t length) {
  static uint8_t nonce[NONCE_SIZE];
  uint8_t echo[ECHO_SIZE];
  if (strcmp(name, "sync") == 0) {
    CHECK(length == SYNC_SIZE && sync_is_intact(bytes));
    memcpy(nonce, bytes + 24, NONCE_SIZE);
    return;
  }
  echo_write(echo, nonce);
  CHECK(length == ECHO_SIZE && memcmp(echo, bytes, ECHO_SIZE) == 0);
}

static void golden_frames(void) {
  static char line[400000];
  static uint8_t bytes[FRAME_HEADER + FRAME_PAYLOAD_MAX];
  int count = 0;
  crc32c_init();
  FILE *file = fopen("golden/frames.txt", "r");
  CHECK(file);
  while (fgets(line, sizeof line, file)) {
    if (*line == '#') continue;
    char *hex = strstr(line, " | "), *fields = hex ? strstr(hex + 3, " | ") : NULL;
    CHECK(hex && fields);
    *hex = *fields = 0;
    size_t length = from_hex(hex + 3, (size_t)(fields - hex - 3), bytes);
    if (count++ < 2)
      check_session_line(line, bytes, length);
    else
      check_golden(line, bytes, length, fields + 3);
  }
  fclose(file);
  CHECK(count >= 60);
}

static void readers_stop_at_the_end(void) {
  const uint8_t bytes[] = {5, 0, 0, 0, 'a', 'b'};
  struct reader reader = reader_over(bytes, sizeof bytes);
  CHECK_EQUAL(take_text(&reader).length, 0);
  CHECK(reader.bad && take_u8(&reader) == 0 && !reader_is_finished(&reader));

  const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 'x'};
  uint32_t count;
  reader = reader_over(huge, sizeof huge);
  take_list(&reader, &count);
  CHECK(reader.bad && count == 0);

  uint8_t small[3];
  struct writer writer = writer_over(small, sizeof small);
  put_u16(&writer, 1);
  put_u16(&writer, 2);
  put_u8(&writer, 3);
  CHECK(writer.full && writer_length(&writer) == 2);
}

static void queues_keep_every_byte(void) {
  static struct queue queue;
  static uint8_t bytes[50000];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i % 251);
  uint64_t pushed = 0, read = 0;
  for (int round = 0; round < 200; round++) {
    size_t length = (size_t)(round * 397) % sizeof bytes;
    for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)((pushed + i) % 251);
    CHECK(queue_push(&queue, bytes, length));
    pushed += length;
    while (queue_length(&queue) > (round % 3 == 0 ? 0 : 900000)) {
      size_t piece;
      const uint8_t *from = queue_at(&queue, queue.base, &piece);
      if (piece > 1000) piece = 1000;
      for (size_t i = 0; i < piece; i++) CHECK_EQUAL(from[i], (read + i) % 251);
      read += piece;
      queue_drop(&queue, read);
    }
  }
  queue_drop(&queue, queue.end);
  for (int i = 0; i < QUEUE_BLOCKS; i++) CHECK(!queue.blocks[i]);
}

RUN_TESTS(TEST(crc32c_vectors), TEST(crc32c_ways_agree), TEST(golden_frames), TEST(readers_stop_at_the_end),
          TEST(queues_keep_every_byte))
