// Small configuration files.
#pragma once
#include <stddef.h>

// Reads at most `size` - 1 bytes and terminates them. Returns how many, or -1 with errno.
int read_text_file(const char *path, char *text, size_t size);
// Replaces the file at once. Returns 0 or an errno.
int write_text_file(const char *path, const char *text);
