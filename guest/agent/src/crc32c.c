#include "crc32c.h"

#include <stdbool.h>
#include <string.h>

#include "wire.h"

// table[k][b] is what byte b does to the sum when k more bytes follow: eight look-ups then take eight bytes at once.
static uint32_t table[8][256];
static bool has_instruction;

void crc32c_init(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ ((sum & 1) ? 0x82F63B78u : 0);
    table[0][byte] = sum;
  }
  for (int k = 1; k < 8; k++)
    for (int byte = 0; byte < 256; byte++)
      table[k][byte] = table[0][table[k - 1][byte] & 0xff] ^ (table[k - 1][byte] >> 8);
#ifdef __x86_64__
  has_instruction = __builtin_cpu_supports("sse4.2");
#endif
}

uint32_t crc32c_by_table(uint32_t previous, const void *data, size_t length) {
  const uint8_t *at = data;
  uint32_t sum = ~previous;
  for (; length >= 8; length -= 8, at += 8) {
    uint32_t low = sum ^ load_u32(at), high = load_u32(at + 4);
    sum = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^
          table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^ table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
  }
  for (; length > 0; length--, at++) sum = table[0][(sum ^ *at) & 0xff] ^ (sum >> 8);
  return ~sum;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t previous, const uint8_t *at, size_t length) {
  uint64_t sum = ~previous;
  for (; length >= 8; length -= 8, at += 8) sum = __builtin_ia32_crc32di(sum, load_u64(at));
  for (; length > 0; length--, at++) sum = __builtin_ia32_crc32qi((uint32_t)sum, *at);
  return ~(uint32_t)sum;
}
#else
static uint32_t by_instruction(uint32_t previous, const uint8_t *at, size_t length) {
  return crc32c_by_table(previous, at, length);
}
#endif

uint32_t crc32c(uint32_t previous, const void *data, size_t length) {
  return has_instruction ? by_instruction(previous, data, length) : crc32c_by_table(previous, data, length);
}
