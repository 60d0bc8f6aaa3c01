// The root disk of a directly booted machine.
#pragma once
#include <stdbool.h>

// Mounts it and makes it the root, moving /dev, /proc and /sys there. False when there is none: then the initramfs
// stays the root.
bool root_switch(void);
bool root_is_smaller_than_disk(void);
// Grows its file system to the size of its disk.
void root_grow(void);
