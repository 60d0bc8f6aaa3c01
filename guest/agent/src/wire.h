// Reading and writing the integers, strings and lists of PROTOCOL.md. Readers and writers never leave their bounds:
// the first step too far makes them `bad` or `full` and everything after it does nothing, so callers check once, at the
// end.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
  const uint8_t *at, *end;
  bool bad;
};

struct writer {
  uint8_t *start, *at, *end;
  bool full;
};

// A string inside the frame it came in: not terminated, gone with the next frame.
struct text {
  const char *data;
  uint32_t length;
};

struct reader reader_over(const void *data, size_t length);
// True when everything was read and nothing was missing.
bool reader_is_finished(const struct reader *reader);
uint8_t take_u8(struct reader *reader);
uint16_t take_u16(struct reader *reader);
uint32_t take_u32(struct reader *reader);
uint64_t take_u64(struct reader *reader);
// NULL (and `bad`) when there are not so many.
const uint8_t *take_bytes(struct reader *reader, size_t length);
struct text take_text(struct reader *reader);
// Takes a list<str>, checks it and returns a reader over its strings; `count` is how many there are.
struct reader take_list(struct reader *reader, uint32_t *count);

struct writer writer_over(void *data, size_t capacity);
size_t writer_length(const struct writer *writer);
void put_u8(struct writer *writer, uint8_t value);
void put_u16(struct writer *writer, uint16_t value);
void put_u32(struct writer *writer, uint32_t value);
void put_u64(struct writer *writer, uint64_t value);
void put_bytes(struct writer *writer, const void *data, size_t length);
void put_text(struct writer *writer, const char *data, size_t length);
void put_string(struct writer *writer, const char *terminated);

uint16_t load_u16(const uint8_t *from);
uint32_t load_u32(const uint8_t *from);
uint64_t load_u64(const uint8_t *from);
void store_u16(uint8_t *to, uint16_t value);
void store_u32(uint8_t *to, uint32_t value);
void store_u64(uint8_t *to, uint64_t value);
