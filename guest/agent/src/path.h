// Paths as requests carry them.
#pragma once
#include <limits.h>

#include "wire.h"

struct path {
  char text[PATH_MAX];
  int error;  // 0, or the errno to answer with
};

// Takes a str as a path. What is wrong with it is said in `error`, after the whole request has been read.
void take_path(struct reader *reader, struct path *path);
// Answers EBADMSG for a request that is not exactly as described, else the path's own error. True when one was sent.
bool refuse_request(uint32_t id, const struct reader *request, const struct path *path);
// The last component without slashes, "/" for the root.
void path_name(const char *path, char name[NAME_MAX + 1]);
// What is before the last component: "/" or "." if nothing is.
void path_parent(const char *path, char parent[PATH_MAX]);
void strip_slashes(char *path);
