// Users and groups as /etc/passwd and /etc/group say: a static program has no name service switch.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

enum { GROUPS_MAX = 64 };

struct account {
  uid_t uid;
  gid_t gid;
  char name[64], home[512], shell[256];
  gid_t groups[GROUPS_MAX];  // the supplementary ones, and `gid`
  int group_count;
};

// By name or decimal uid; "" is root. False when there is no such user. A machine without /etc/passwd has root, with
// home /.
bool find_account(const char *user, struct account *account);
