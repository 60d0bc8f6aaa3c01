#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"

static uint8_t type_letter(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFBLK:
      return 'b';
    case S_IFCHR:
      return 'c';
    case S_IFIFO:
      return 'p';
    case S_IFSOCK:
      return 's';
    default:
      return 'f';
  }
}

int put_entry(struct writer *writer, int directory, const char *path, const char *name, bool follows_link) {
  struct stat status;
  char link[PATH_MAX];
  ssize_t link_length = 0;
  if (fstatat(directory, path, &status, follows_link ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return errno;
  if (S_ISLNK(status.st_mode)) {
    link_length = readlinkat(directory, path, link, sizeof link);
    if (link_length < 0) return errno;
  }
  struct writer before = *writer;
  put_string(writer, name);
  put_u8(writer, type_letter(status.st_mode));
  put_u32(writer, status.st_mode & 07777);
  put_u32(writer, status.st_uid);
  put_u32(writer, status.st_gid);
  put_u64(writer, (uint64_t)status.st_size);
  put_u64(writer, (uint64_t)status.st_mtim.tv_sec * SECOND_NS + (uint64_t)status.st_mtim.tv_nsec);
  put_text(writer, link, (size_t)link_length);
  if (!writer->full) return 0;
  *writer = before;
  return ENOBUFS;
}
