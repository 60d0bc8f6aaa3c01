#include "path.h"

#include <errno.h>
#include <string.h>

#include "stream.h"

void take_path(struct reader *reader, struct path *path) {
  struct text text = take_text(reader);
  *path->text = 0;
  path->error = text.length == 0                    ? ENOENT
                : text.length >= PATH_MAX           ? ENAMETOOLONG
                : memchr(text.data, 0, text.length) ? EINVAL
                                                    : 0;
  if (path->error) return;
  memcpy(path->text, text.data, text.length);
  path->text[text.length] = 0;
}

bool refuse_request(uint32_t id, const struct reader *request, const struct path *path) {
  if (!reader_is_finished(request))
    send_error(id, EBADMSG, "request");
  else if (path && path->error)
    send_error(id, path->error, "path");
  else
    return false;
  return true;
}

void strip_slashes(char *path) {
  for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--) path[length - 1] = 0;
}

void path_name(const char *path, char name[NAME_MAX + 1]) {
  char stripped[PATH_MAX];
  strcpy(stripped, path);
  strip_slashes(stripped);
  const char *slash = strrchr(stripped, '/');
  const char *last = slash && slash[1] ? slash + 1 : stripped;
  size_t length = strnlen(last, NAME_MAX);
  memcpy(name, last, length);
  name[length] = 0;
}

void path_parent(const char *path, char parent[PATH_MAX]) {
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) : 0;
  memcpy(parent, path, length);
  parent[length] = 0;
  if (length == 0) strcpy(parent, slash ? "/" : ".");
}
