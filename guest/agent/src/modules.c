#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "text-file.h"

static char order[16384];
static char *next = order;
static int directory = -1;  // of the modules; stays reachable when the root has changed

// Its file is removed afterwards: the initramfs is memory.
static void load(const char *path) {
  int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)) log_line("module %s: %s", path, strerror(errno));
  if (fd < 0) return;
  close(fd);
  unlinkat(directory, path, 0);
}

// Takes the next line of the order; NULL at its end.
static const char *take_line(void) {
  char *line = next, *end = line + strcspn(line, "\n");
  if (!*line) return NULL;
  next = *end ? end + 1 : end;
  *end = 0;
  return line;
}

static bool is_needed_first(const char *path) {
  static const char *const drivers[] = {"virtio_console.ko", "virtio_blk.ko", "ext4.ko"};
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
    if (strcmp(name, drivers[i]) == 0) return true;
  return false;
}

// What the first drivers depend on comes before them in the order, so it is enough to know where the last of them stands.
static const char *end_of_first(void) {
  const char *end = next;
  for (const char *line = next; *line;) {
    size_t length = strcspn(line, "\n");
    char path[256] = "";
    if (length < sizeof path) memcpy(path, line, length);
    line += length + (line[length] == '\n');
    if (is_needed_first(path)) end = line;
  }
  return end;
}

void modules_load_first(void) {
  directory = open("/modules", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || read_text_file("/modules/order", order, sizeof order) <= 0) return;
  const char *end = end_of_first();
  while (next < end) {
    const char *path = take_line();
    if (path && *path) load(path);
  }
}

void modules_load_rest(void) {
  const char *path;
  while ((path = take_line()))
    if (*path) load(path);
  if (directory >= 0) close(directory);
  directory = -1;
}
