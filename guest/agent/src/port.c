#include "port.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "text-file.h"

int port_open(const char *name) {
  char path[300], found[128];
  int fd = -1;
  DIR *ports = opendir("/sys/class/virtio-ports");
  const struct dirent *entry;
  while (ports && fd < 0 && (entry = readdir(ports))) {
    snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
    if (*entry->d_name == '.' || read_text_file(path, found, sizeof found) <= 0) continue;
    found[strcspn(found, "\n")] = 0;
    if (strcmp(found, name) != 0) continue;
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  if (ports) closedir(ports);
  return fd;
}
