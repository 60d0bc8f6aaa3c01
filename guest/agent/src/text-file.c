#include "text-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int read_text_file(const char *path, char *text, size_t size) {
  size_t length = 0;
  ssize_t more = 1;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  while (more > 0 && length < size - 1) {
    more = read(fd, text + length, size - 1 - length);
    if (more > 0) length += (size_t)more;
  }
  close(fd);
  text[length] = 0;
  return more < 0 ? -1 : (int)length;
}

static int write_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, text, length);
    if (written < 0) return errno;
    text += written;
    length -= (size_t)written;
  }
  return 0;
}

int write_text_file(const char *path, const char *text) {
  char temporary[PATH_MAX];
  snprintf(temporary, sizeof temporary, "%s.volary-tmp", path);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = write_all(fd, text, strlen(text));
  close(fd);
  if (!error && rename(temporary, path) != 0) error = errno;
  if (error) unlink(temporary);
  return error;
}
