#pragma once
#include <stdint.h>

// Thaws every file system of a disk; returns how many were frozen.
uint32_t thaw_all(void);
