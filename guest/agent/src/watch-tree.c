#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watch.h"

enum {
  MASK = IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF,
};

static int watch_count;  // of all trees

bool watch_tree_join(const char *directory, const char *name, char *joined, unsigned size) {
  const char *slash = *directory && *name && directory[strlen(directory) - 1] != '/' ? "/" : "";
  int length = snprintf(joined, size, "%s%s%s", directory, slash, name);
  return length >= 0 && (unsigned)length < size;
}

struct watched *watch_tree_find(struct watch_tree *tree, int descriptor) {
  for (int i = 0; i < tree->count; i++)
    if (tree->dirs[i].descriptor == descriptor) return &tree->dirs[i];
  return NULL;
}

static void remove_at(struct watch_tree *tree, int index) {
  free(tree->dirs[index].path);
  tree->dirs[index] = tree->dirs[--tree->count];
  watch_count--;
}

void watch_tree_forget(struct watch_tree *tree, int descriptor) {
  struct watched *watched = watch_tree_find(tree, descriptor);
  if (watched) remove_at(tree, (int)(watched - tree->dirs));
}

void watch_tree_remove(struct watch_tree *tree, const char *path) {
  size_t length = strlen(path);
  for (int i = tree->count - 1; i >= 0; i--) {
    const char *candidate = tree->dirs[i].path;
    if (strncmp(candidate, path, length) != 0 || (candidate[length] != 0 && candidate[length] != '/')) continue;
    inotify_rm_watch(tree->inotify, tree->dirs[i].descriptor);
    remove_at(tree, i);
  }
}

static int append(struct watch_tree *tree, int descriptor, const char *path, bool needs_scan) {
  char *copy = strdup(path);
  struct watched *dirs = copy ? realloc(tree->dirs, (size_t)(tree->count + 1) * sizeof *dirs) : NULL;
  if (dirs) tree->dirs = dirs;
  if (!dirs || watch_count >= WATCHES_MAX) {
    free(copy);
    inotify_rm_watch(tree->inotify, descriptor);
    return dirs ? ENOSPC : ENOMEM;
  }
  dirs[tree->count++] = (struct watched){descriptor, copy, needs_scan};
  watch_count++;
  return 0;
}

static int add(struct watch_tree *tree, const char *path, uint32_t flags, bool needs_scan) {
  char full[PATH_MAX];
  if (!watch_tree_join(tree->root, path, full, sizeof full)) return 0;
  int descriptor = inotify_add_watch(tree->inotify, full, MASK | flags);
  if (descriptor < 0) return errno;
  struct watched *known = watch_tree_find(tree, descriptor);
  if (!known) return append(tree, descriptor, path, needs_scan);
  // The same directory under another name: it was moved within the tree.
  char *copy = strdup(path);
  if (!copy) return ENOMEM;
  free(known->path);
  known->path = copy;
  return 0;
}

int watch_tree_add(struct watch_tree *tree, const char *path, bool needs_scan) {
  if (!tree->is_recursive) return 0;
  int error = add(tree, path, IN_ONLYDIR | IN_DONT_FOLLOW, needs_scan);
  // What is gone again, is no directory or may not be looked into is not watched.
  return error == ENOSPC || error == ENOMEM ? error : 0;
}

static int add_children(struct watch_tree *tree, const char *path) {
  char full[PATH_MAX], child[PATH_MAX];
  if (!watch_tree_join(tree->root, path, full, sizeof full)) return 0;
  DIR *directory = opendir(full);
  if (!directory) return 0;
  const struct dirent *entry;
  int error = 0;
  while (!error && (entry = readdir(directory))) {
    bool may_be_directory = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
    if (!may_be_directory || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (watch_tree_join(path, entry->d_name, child, sizeof child)) error = watch_tree_add(tree, child, false);
  }
  closedir(directory);
  return error;
}

int watch_tree_open(struct watch_tree *tree, const char *root, bool is_recursive) {
  *tree = (struct watch_tree){.is_recursive = is_recursive, .root = strdup(root)};
  tree->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  int error = !tree->root ? ENOMEM : tree->inotify < 0 ? errno : add(tree, "", 0, false);
  // The list grows as we go: it is also the queue of directories to look into.
  for (int i = 0; !error && is_recursive && i < tree->count; i++) error = add_children(tree, tree->dirs[i].path);
  return error;
}

void watch_tree_close(struct watch_tree *tree) {
  while (tree->count > 0) remove_at(tree, tree->count - 1);
  free(tree->dirs);
  free(tree->root);
}
