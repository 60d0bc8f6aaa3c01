// Where a WRITE goes: a temporary file that becomes the target at the end, or the target itself if that is a device or
// pipe.
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define MODE_KEPT UINT32_C(0xFFFFFFFF)

struct target {
  int fd;
  bool is_direct;
  char path[PATH_MAX];       // after following links
  char temporary[PATH_MAX];  // beside it; empty when direct
};

// Returns 0 or an errno, and then nothing is left behind.
int target_open(struct target *target, const char *path, uint32_t mode, bool makes_parents);
// Makes the content durable and visible under the target's name. Waits for the disk. Does not close the fd.
int target_commit(const struct target *target);
// Removes the temporary file. The target is as it was.
void target_discard(const struct target *target);

// mkdir -p: every missing directory of the path, the last one included. An errno, or 0.
int make_directories(const char *path);
