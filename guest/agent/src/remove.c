// REMOVE. A tree is taken down without recursion and with one directory open at a time, however deep it is; links are
// never followed and mount points never entered, even if somebody changes the tree meanwhile.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kinds.h"
#include "linux-abi.h"
#include "path.h"
#include "stream.h"
#include "unary.h"

// One directory on the way from the removed root down to where we are.
struct level {
  dev_t device;  // of the directory above, to prove that `..` leads back to it
  ino_t inode;
  char name[256];  // of this directory in the one above
};

enum { DEPTH_MAX = 32768 };

struct climb {
  struct level *levels;
  size_t depth, capacity;
  DIR *here;
};

static int open_below(int directory, const char *name) {
  struct abi_open_how how = {
      .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
      .resolve = ABI_RESOLVE_NO_XDEV | ABI_RESOLVE_NO_SYMLINKS,
  };
  return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}

static int enter(struct climb *climb, int above, const char *name) {
  struct stat status;
  if (fstat(above, &status) != 0) return errno;
  if (climb->depth == DEPTH_MAX) return ENAMETOOLONG;
  if (climb->depth == climb->capacity) {
    size_t capacity = climb->capacity ? climb->capacity * 2 : 16;
    struct level *levels = realloc(climb->levels, capacity * sizeof *levels);
    if (!levels) return ENOMEM;
    climb->levels = levels;
    climb->capacity = capacity;
  }
  int fd = open_below(above, name);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (!directory) return errno;
  struct level *level = &climb->levels[climb->depth++];
  *level = (struct level){.device = status.st_dev, .inode = status.st_ino};
  strncpy(level->name, name, sizeof level->name - 1);
  if (climb->here) closedir(climb->here);
  climb->here = directory;
  return 0;
}

// Back to the directory above, and removes the one we leave, which is empty.
static int leave(struct climb *climb) {
  const struct level *level = &climb->levels[--climb->depth];
  struct stat status;
  int fd = openat(dirfd(climb->here), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) != 0) return errno;
  // Somebody moved the directory while we were in it.
  if (status.st_dev != level->device || status.st_ino != level->inode) return ESTALE;
  if (unlinkat(fd, level->name, AT_REMOVEDIR) != 0 && errno != ENOENT) return errno;
  closedir(climb->here);
  climb->here = fdopendir(fd);
  return climb->here ? 0 : errno;
}

static int remove_entry(struct climb *climb, const struct dirent *entry) {
  if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) return 0;
  int here = dirfd(climb->here);
  if (unlinkat(here, entry->d_name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR) return errno;
  return enter(climb, here, entry->d_name);
}

static int remove_tree(int above, const char *name) {
  struct climb climb = {0};
  int error = enter(&climb, above, name);
  while (!error && climb.depth > 0) {
    errno = 0;
    const struct dirent *entry = readdir(climb.here);
    error = entry ? remove_entry(&climb, entry) : errno ? errno : leave(&climb);
  }
  return error;
}

static int work(const void *request, struct writer *result) {
  (void)result;
  const char *path = request;
  char name[NAME_MAX + 1], parent[PATH_MAX];
  path_name(path, name);
  path_parent(path, parent);
  int above = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above < 0) return errno;
  if (unlinkat(above, name, 0) == 0) return 0;
  return errno == EISDIR ? remove_tree(above, name) : errno;
}

static int remove_one(const char *path) {
  if (unlink(path) == 0) return 0;
  if (errno == EISDIR && rmdir(path) == 0) return 0;
  return errno;
}

static int check_name(char *path) {
  char name[NAME_MAX + 1];
  strip_slashes(path);
  path_name(path, name);
  if (strcmp(name, "/") == 0) return EBUSY;
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? EINVAL : 0;
}

void remove_open(uint32_t id, struct reader *request) {
  struct path path;
  take_path(request, &path);
  uint8_t is_recursive = take_u8(request);
  if (refuse_request(id, request, &path)) return;
  int error = check_name(path.text);
  if (!error && is_recursive) {
    unary_job(id, work, path.text, "remove", NULL);
    return;
  }
  if (!error) error = remove_one(path.text);
  if (error)
    send_error(id, error, "remove %s", path.text);
  else
    send_empty_result(id);
}
