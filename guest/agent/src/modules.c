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
  if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
    log_line("module %s: %s", path, strerror(errno));
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

static bool is_one_of(const char *path, const char *const *names) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  for (; *names; names++)
    if (strcmp(name, *names) == 0) return true;
  return false;
}

// Loads up to the last of these. What they depend on comes before them in the order.
static void load_until(const char *const *names) {
  const char *end = next;
  for (const char *line = next; *line;) {
    size_t length = strcspn(line, "\n");
    char path[256] = "";
    if (length < sizeof path) memcpy(path, line, length);
    line += length + (line[length] == '\n');
    if (is_one_of(path, names)) end = line;
  }
  while (next < end) {
    const char *path = take_line();
    if (path && *path) load(path);
  }
}

void modules_load_first(void) {
  static const char *const drivers[] = {"virtio_console.ko", "virtio_blk.ko", "ext4.ko", NULL};
  directory = open("/modules", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0 && read_text_file("/modules/order", order, sizeof order) > 0) load_until(drivers);
}

void modules_load_for_network(void) {
  static const char *const drivers[] = {"virtio_net.ko", "af_packet.ko", "ipv6.ko", NULL};
  load_until(drivers);
}

void modules_load_rest(void) {
  const char *path;
  while ((path = take_line()))
    if (*path) load(path);
}

void modules_close(void) {
  if (directory >= 0) close(directory);
  directory = -1;
}
