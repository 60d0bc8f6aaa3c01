#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

struct workplace place;

void begin(void) {
  place.base = temporary_directory();
  client_start(&place.client);
  client_begin(&place.client);
  place.next_stream = 1;
}

const char *full(const char *name) {
  static char path[8192];
  snprintf(path, sizeof path, "%s/%s", place.base, name);
  return path;
}

void make_file(const char *name, const char *content, mode_t mode) {
  int fd = open(full(name), O_WRONLY | O_CREAT | O_TRUNC, mode);
  CHECK(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content) && fchmod(fd, mode) == 0 &&
        close(fd) == 0);
}

const char *content_of(const char *name) {
  static char content[4096];
  int fd = open(full(name), O_RDONLY);
  if (fd < 0) return NULL;
  ssize_t length = read(fd, content, sizeof content - 1);
  close(fd);
  CHECK(length >= 0);
  content[length] = 0;
  return content;
}

struct request *open_request(uint8_t kind, const char *name) {
  struct request *request = request_begin();
  put_u8(&request->writer, kind);
  put_path(request, place.base, name);
  return request;
}

uint32_t send_open(struct request *request) {
  client_send(&place.client, request, FRAME_OPEN, place.next_stream);
  return place.next_stream++;
}

mode_t mode_of(const char *name) {
  struct stat status;
  CHECK(lstat(full(name), &status) == 0);
  return status.st_mode;
}

int count_entries(void) {
  int count = 0;
  DIR *directory = opendir(place.base);
  while (readdir(directory)) count++;
  closedir(directory);
  return count - 2;
}
