// GROW: what the machine was given while it ran is put to use: processors, memory, the room on its root disk.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"
#include "path.h"
#include "root.h"
#include "stream.h"
#include "text-file.h"
#include "unary.h"

static const char cpus[] = "/sys/devices/system/cpu", blocks[] = "/sys/devices/system/memory";

// Files of the kernel are written in place; there is nothing to rename over them.
static void tell(const char *path, const char *word) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  // What refuses is counted as what it is: not in use.
  ssize_t ignored = write(fd, word, strlen(word));
  (void)ignored;
  close(fd);
}

// How many of `<directory>/<prefix>N` are in use by then: those that were not are told `word` by their file `online`. One
// without that file is in use for ever, as the first processor is.
static uint32_t use_all(const char *directory, const char *prefix, const char *word) {
  char path[300], state[8];
  uint32_t count = 0;
  DIR *all = opendir(directory);
  const struct dirent *entry;
  while (all && (entry = readdir(all))) {
    const char *number = entry->d_name + strlen(prefix);
    if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || !*number || strspn(number, "0123456789") != strlen(number))
      continue;
    snprintf(path, sizeof path, "%s/%s/online", directory, entry->d_name);
    if (read_text_file(path, state, sizeof state) > 0 && *state == '0') tell(path, word);
    count += read_text_file(path, state, sizeof state) <= 0 || *state != '0';
  }
  if (all) closedir(all);
  return count;
}

static uint64_t block_bytes(void) {
  char path[64], text[32];
  snprintf(path, sizeof path, "%s/block_size_bytes", blocks);
  return read_text_file(path, text, sizeof text) > 0 ? strtoull(text, NULL, 16) : 0;
}

static int grow(const void *request, struct writer *result) {
  (void)request;
  put_u32(result, use_all(cpus, "cpu", "1"));
  put_u64(result, use_all(blocks, "memory", "1") * block_bytes());
  // As an ordinary service the agent does not know the root's disk.
  bool has_root = getppid() == 1;
  if (has_root && root_is_smaller_than_disk()) root_grow();
  put_u64(result, has_root ? root_bytes() : 0);
  return 0;
}

void grow_open(uint32_t id, struct reader *request) {
  if (refuse_request(id, request, NULL)) return;
  unary_job(id, grow, NULL, "grow", NULL);
}
