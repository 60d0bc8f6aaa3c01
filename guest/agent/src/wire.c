#include "wire.h"

#include <string.h>

uint16_t load_u16(const uint8_t *from) { return (uint16_t)(from[0] | from[1] << 8); }

uint32_t load_u32(const uint8_t *from) { return load_u16(from) | (uint32_t)load_u16(from + 2) << 16; }

uint64_t load_u64(const uint8_t *from) { return load_u32(from) | (uint64_t)load_u32(from + 4) << 32; }

void store_u16(uint8_t *to, uint16_t value) {
  to[0] = (uint8_t)value;
  to[1] = (uint8_t)(value >> 8);
}

void store_u32(uint8_t *to, uint32_t value) {
  store_u16(to, (uint16_t)value);
  store_u16(to + 2, (uint16_t)(value >> 16));
}

void store_u64(uint8_t *to, uint64_t value) {
  store_u32(to, (uint32_t)value);
  store_u32(to + 4, (uint32_t)(value >> 32));
}

struct reader reader_over(const void *data, size_t length) {
  const uint8_t *start = data;
  return (struct reader){start, start + length, false};
}

bool reader_is_finished(const struct reader *reader) { return !reader->bad && reader->at == reader->end; }

const uint8_t *take_bytes(struct reader *reader, size_t length) {
  if (reader->bad || (size_t)(reader->end - reader->at) < length) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *taken = reader->at;
  reader->at += length;
  return taken;
}

uint8_t take_u8(struct reader *reader) {
  const uint8_t *from = take_bytes(reader, 1);
  return from ? *from : 0;
}

uint16_t take_u16(struct reader *reader) {
  const uint8_t *from = take_bytes(reader, 2);
  return from ? load_u16(from) : 0;
}

uint32_t take_u32(struct reader *reader) {
  const uint8_t *from = take_bytes(reader, 4);
  return from ? load_u32(from) : 0;
}

uint64_t take_u64(struct reader *reader) {
  const uint8_t *from = take_bytes(reader, 8);
  return from ? load_u64(from) : 0;
}

struct text take_text(struct reader *reader) {
  uint32_t length = take_u32(reader);
  const uint8_t *data = take_bytes(reader, length);
  return data ? (struct text){(const char *)data, length} : (struct text){"", 0};
}

struct reader take_list(struct reader *reader, uint32_t *count) {
  *count = take_u32(reader);
  struct reader strings = *reader;
  for (uint32_t i = 0; i < *count && !reader->bad; i++) take_text(reader);
  if (reader->bad) *count = 0;
  strings.end = reader->at;
  return strings;
}

struct writer writer_over(void *data, size_t capacity) {
  uint8_t *start = data;
  return (struct writer){start, start, start + capacity, false};
}

size_t writer_length(const struct writer *writer) { return (size_t)(writer->at - writer->start); }

static uint8_t *claim(struct writer *writer, size_t length) {
  if (writer->full || (size_t)(writer->end - writer->at) < length) {
    writer->full = true;
    return NULL;
  }
  uint8_t *claimed = writer->at;
  writer->at += length;
  return claimed;
}

void put_u8(struct writer *writer, uint8_t value) { put_bytes(writer, &value, 1); }

void put_u16(struct writer *writer, uint16_t value) {
  uint8_t *to = claim(writer, 2);
  if (to) store_u16(to, value);
}

void put_u32(struct writer *writer, uint32_t value) {
  uint8_t *to = claim(writer, 4);
  if (to) store_u32(to, value);
}

void put_u64(struct writer *writer, uint64_t value) {
  uint8_t *to = claim(writer, 8);
  if (to) store_u64(to, value);
}

void put_bytes(struct writer *writer, const void *data, size_t length) {
  uint8_t *to = claim(writer, length);
  if (to && length > 0) memcpy(to, data, length);
}

void put_text(struct writer *writer, const char *data, size_t length) {
  put_u32(writer, (uint32_t)length);
  put_bytes(writer, data, length);
}

void put_string(struct writer *writer, const char *terminated) { put_text(writer, terminated, strlen(terminated)); }
