// CRC-32C (Castagnoli), RFC 3720 B.4: reflected, polynomial 0x1EDC6F41, initial value and final xor of all ones.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Must be called once before the first checksum.
void crc32c_init(void);
// The checksum of `previous`'s bytes followed by these; 0 for none before.
uint32_t crc32c(uint32_t previous, const void *data, size_t length);
// The same without the processor's own instruction, for machines that have none and for tests.
uint32_t crc32c_by_table(uint32_t previous, const void *data, size_t length);
