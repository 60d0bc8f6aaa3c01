// What makes a machine this one and no other.
#pragma once
#include "network.h"

enum { HOSTNAME_SIZE = 64, MACHINE_ID_SIZE = 16, ENTROPY_SIZE = 32 };

struct identity {
  char hostname[HOSTNAME_SIZE];
  const uint8_t *machine_id, *entropy;
  uint64_t wall_clock_ns;
  struct network network;
};

// Takes it on, step by step. NULL, or the step that failed, with its errno; those after it are not tried.
const char *identify(const struct identity *identity, int *error);
// In the kernel, /etc/hostname and /etc/hosts. 0 or an errno.
int set_host_name(const char *name);
