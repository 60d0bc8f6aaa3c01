// What the agent has to say goes to the kernel's log as PID 1, else to standard error.
#pragma once
#include <stdbool.h>

void log_to_kernel(void);
__attribute__((format(printf, 1, 2))) void log_line(const char *format, ...);
