// The directories under a watch: which inotify descriptor means which path.
#pragma once
#include <stdbool.h>

enum { WATCHES_MAX = 1024 };  // of all streams together

struct watched {
  int descriptor;
  char *path;       // below the root; "" is the root itself
  bool needs_scan;  // came up after the start: what is in it already has not been told
};

struct watch_tree {
  int inotify;
  bool is_recursive;
  char *root;
  struct watched *dirs;
  int count;
};

// All return 0 or an errno.
int watch_tree_open(struct watch_tree *tree, const char *root, bool is_recursive);
// Watches a directory that has come up, if the watch is recursive.
int watch_tree_add(struct watch_tree *tree, const char *path, bool needs_scan);
// A directory has gone from here, with all that is below it.
void watch_tree_remove(struct watch_tree *tree, const char *path);
void watch_tree_forget(struct watch_tree *tree, int descriptor);
struct watched *watch_tree_find(struct watch_tree *tree, int descriptor);
void watch_tree_close(struct watch_tree *tree);
// "root/path"; false when too long.
bool watch_tree_join(const char *directory, const char *name, char *joined, unsigned size);
