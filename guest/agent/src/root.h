// The root disk of a directly booted machine.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Mounts it and makes it the root, moving /dev, /proc and /sys there. False when there is none: then the initramfs
// stays the root.
bool root_switch(void);
bool root_is_smaller_than_disk(void);
// Bytes that its file system has; 0 where nobody can tell.
uint64_t root_bytes(void);
// Grows its file system to the size of its disk.
void root_grow(void);
