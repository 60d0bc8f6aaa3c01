#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"

int make_directories(const char *path) {
  char prefix[PATH_MAX];
  if (strlen(path) >= sizeof prefix) return ENAMETOOLONG;
  strcpy(prefix, path);
  for (char *at = prefix + 1; *prefix; at++) {
    char kept = *at;
    if (kept != '/' && kept != 0) continue;
    *at = 0;
    if (mkdir(prefix, 0755) != 0 && errno != EEXIST) return errno;
    if (kept == 0) break;
    *at = kept;
  }
  struct stat status;
  if (stat(path, &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

// Follows links by hand, because the last one may point to a file that is yet to be made.
static int follow_links(char *path) {
  enum { LINKS_MAX = 40 };
  for (int i = 0; i < LINKS_MAX; i++) {
    char link[PATH_MAX], parent[PATH_MAX], joined[PATH_MAX];
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0) return errno == EINVAL || errno == ENOENT ? 0 : errno;
    link[length] = 0;
    path_parent(path, parent);
    int joined_length = *link == '/' ? snprintf(joined, sizeof joined, "%s", link)
                                     : snprintf(joined, sizeof joined, "%s/%s", parent, link);
    if (joined_length < 0 || joined_length >= PATH_MAX) return ENAMETOOLONG;
    strcpy(path, joined);
  }
  return ELOOP;
}

static int open_direct(struct target *target) {
  target->is_direct = true;
  target->fd = open(target->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return target->fd < 0 ? errno : 0;
}

static int open_temporary(struct target *target) {
  const char *slash = strrchr(target->path, '/');
  int directory = slash ? (int)(slash - target->path) + 1 : 0;
  for (int attempt = 0; attempt < 100; attempt++) {
    static unsigned serial;
    int length = snprintf(target->temporary, sizeof target->temporary, "%.*s.volary-%d-%u.tmp", directory, target->path,
                          (int)getpid(), serial++);
    if (length < 0 || length >= PATH_MAX) return ENAMETOOLONG;
    target->fd = open(target->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target->fd >= 0) return 0;
    if (errno != EEXIST) break;
  }
  return errno;
}

static int set_owner_and_mode(const struct target *target, const struct stat *old, uint32_t mode) {
  if (old && fchown(target->fd, old->st_uid, old->st_gid) != 0) return errno;
  mode_t wanted = mode != MODE_KEPT ? (mode_t)mode : old ? old->st_mode & 07777 : 0644;
  return fchmod(target->fd, wanted) == 0 ? 0 : errno;
}

int target_open(struct target *target, const char *path, uint32_t mode, bool makes_parents) {
  *target = (struct target){.fd = -1};
  if (strlen(path) >= sizeof target->path) return ENAMETOOLONG;
  strcpy(target->path, path);
  if (path[strlen(path) - 1] == '/') return EISDIR;
  if (makes_parents) {
    char parent[PATH_MAX];
    path_parent(path, parent);
    int error = make_directories(parent);
    if (error) return error;
  }
  int error = follow_links(target->path);
  if (error) return error;

  struct stat old;
  bool exists = lstat(target->path, &old) == 0;
  if (!exists && errno != ENOENT) return errno;
  if (exists && S_ISDIR(old.st_mode)) return EISDIR;
  if (exists && !S_ISREG(old.st_mode)) return open_direct(target);
  error = open_temporary(target);
  if (!error) error = set_owner_and_mode(target, exists ? &old : NULL, mode);
  if (!error || target->fd < 0) return error;
  target_discard(target);
  close(target->fd);
  return error;
}

static int sync_directory(const char *path) {
  char parent[PATH_MAX];
  path_parent(path, parent);
  int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  // Some file systems have nothing to sync in a directory and say EINVAL.
  int error = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
  close(fd);
  return error;
}

int target_commit(const struct target *target) {
  if (target->is_direct) return 0;
  if (fsync(target->fd) != 0) return errno;
  if (rename(target->temporary, target->path) != 0) return errno;
  return sync_directory(target->path);
}

void target_discard(const struct target *target) {
  if (*target->temporary) unlink(target->temporary);
}
