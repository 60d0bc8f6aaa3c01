// STAT, MKDIR and RENAME: one system call or a few, done at once.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "entry.h"
#include "kinds.h"
#include "path.h"
#include "session.h"
#include "stream.h"
#include "target.h"

enum { ENTRY_MAX = 3 * PATH_MAX };

void stat_open(uint32_t id, struct reader *request) {
  struct path path;
  take_path(request, &path);
  uint8_t follows = take_u8(request);
  if (refuse_request(id, request, &path)) return;
  char name[NAME_MAX + 1];
  path_name(path.text, name);
  struct writer result = frame_begin(ENTRY_MAX);
  int error = put_entry(&result, AT_FDCWD, path.text, name, follows);
  if (error)
    send_error(id, error, "stat %s", path.text);
  else
    send_result(&result, id);
}

static int make_directory(char *path, uint32_t mode, bool makes_parents) {
  strip_slashes(path);
  struct stat status;
  if (makes_parents) {
    if (stat(path, &status) == 0) return S_ISDIR(status.st_mode) ? 0 : EEXIST;
    char parent[PATH_MAX];
    path_parent(path, parent);
    int error = make_directories(parent);
    if (error) return error;
  }
  // The mode is meant as it is said, whatever the umask.
  return mkdir(path, 0700) == 0 && chmod(path, (mode_t)mode) == 0 ? 0 : errno;
}

void mkdir_open(uint32_t id, struct reader *request) {
  struct path path;
  take_path(request, &path);
  uint32_t mode = take_u32(request);
  uint8_t makes_parents = take_u8(request);
  if (refuse_request(id, request, &path)) return;
  int error = mode > 07777 ? EINVAL : make_directory(path.text, mode, makes_parents);
  if (error)
    send_error(id, error, "mkdir %s", path.text);
  else
    send_empty_result(id);
}

void rename_open(uint32_t id, struct reader *request) {
  struct path from, to;
  take_path(request, &from);
  take_path(request, &to);
  if (refuse_request(id, request, &from)) return;
  int error = to.error ? to.error : rename(from.text, to.text) != 0 ? errno : 0;
  if (error)
    send_error(id, error, "rename %s", from.text);
  else
    send_empty_result(id);
}
