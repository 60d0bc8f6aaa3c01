#pragma once
#include <stdbool.h>
#include <stddef.h>

// The value of `key=` on the kernel's command line; false when it is not there or does not fit.
bool command_line_value(const char *key, char *value, size_t size);
// The same on a line given.
bool find_value(const char *line, const char *key, char *value, size_t size);
