#include "disks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "text-file.h"

// What a virtio disk says of itself has 20 bytes at most.
enum { SERIAL_SIZE = 24 };

static void name_disk(const char *device) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  char path[300], serial[SERIAL_SIZE], link[64];
  snprintf(path, sizeof path, "/sys/block/%s/serial", device);
  if (read_text_file(path, serial, sizeof serial) <= 0) return;
  serial[strcspn(serial, "\n")] = 0;
  if (!*serial || strspn(serial, allowed) != strlen(serial)) return;
  mkdir("/dev/disk", 0755);
  mkdir("/dev/disk/by-id", 0755);
  snprintf(link, sizeof link, "/dev/disk/by-id/virtio-%s", serial);
  snprintf(path, sizeof path, "../../%s", device);
  if (symlink(path, link) != 0 && errno != EEXIST) log_line("%s cannot be made: %s", link, strerror(errno));
}

void disks_name(void) {
  DIR *disks = opendir("/sys/block");
  const struct dirent *entry;
  while (disks && (entry = readdir(disks)))
    if (strncmp(entry->d_name, "vd", 2) == 0) name_disk(entry->d_name);
  if (disks) closedir(disks);
}
