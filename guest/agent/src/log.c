#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int log_fd = STDERR_FILENO;

void log_to_kernel(void) {
  int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0) log_fd = fd;
}

void log_line(const char *format, ...) {
  // One write a line: /dev/kmsg takes each as a record. <4> is a warning, which `quiet` keeps off the console.
  char line[512];
  int prefix = snprintf(line, sizeof line, "%svolary-agent: ", log_fd == STDERR_FILENO ? "" : "<4>");
  va_list arguments;
  va_start(arguments, format);
  int text = vsnprintf(line + prefix, sizeof line - (size_t)prefix - 1, format, arguments);
  va_end(arguments);
  size_t length = (size_t)prefix + (size_t)(text < 0 ? 0 : text);
  if (length > sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  // Nobody can be told that the log itself fails.
  if (write(log_fd, line, length) < 0) return;
}
