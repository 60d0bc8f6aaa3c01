// WATCH: inotify's events as EVENT frames. They are read from the kernel only when they can be sent, so the kernel's
// own queue (and its overflow) is the only one.
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "frame.h"
#include "kinds.h"
#include "loop.h"
#include "path.h"
#include "session.h"
#include "stream.h"

enum what { CREATED = 1, MODIFIED, REMOVED, RENAMED_FROM, RENAMED_TO, ATTRIBUTES, OVERFLOW };

struct watching {
  struct stream stream;
  struct source source;
  struct watch_tree tree;
  int error;
  _Alignas(struct inotify_event) uint8_t events[4096];
  size_t begin, end;
  DIR *scan;  // of a directory that has come up
  char *scan_path;
};

static void send_event(const struct watching *watching, enum what what, const char *path) {
  struct writer event = frame_begin(PATH_MAX + 8);
  put_u8(&event, (uint8_t)what);
  put_string(&event, path);
  frame_send(&event, FRAME_EVENT, watching->stream.id);
}

static int what_of(uint32_t mask) {
  if (mask & IN_CREATE) return CREATED;
  if (mask & IN_MODIFY) return MODIFIED;
  if (mask & (IN_DELETE | IN_DELETE_SELF)) return REMOVED;
  if (mask & (IN_MOVED_FROM | IN_MOVE_SELF)) return RENAMED_FROM;
  if (mask & IN_MOVED_TO) return RENAMED_TO;
  return mask & IN_ATTRIB ? ATTRIBUTES : 0;
}

// True when it was worth a frame.
static bool take_event(struct watching *watching, const struct inotify_event *event) {
  char path[PATH_MAX];
  if (event->mask & IN_Q_OVERFLOW) {
    send_event(watching, OVERFLOW, "");
    return true;
  }
  if (event->mask & IN_IGNORED) {
    watch_tree_forget(&watching->tree, event->wd);
    return false;
  }
  const struct watched *watched = watch_tree_find(&watching->tree, event->wd);
  const char *name = event->len > 0 ? event->name : "";
  // Of itself a directory below the root tells nothing that its parent does not tell too.
  if (!watched || (!*name && *watched->path) || !watch_tree_join(watched->path, name, path, sizeof path)) return false;
  bool is_directory = event->mask & IN_ISDIR && *name;
  if (is_directory && event->mask & (IN_CREATE | IN_MOVED_TO))
    watching->error = watch_tree_add(&watching->tree, path, true);
  if (is_directory && event->mask & IN_MOVED_FROM) watch_tree_remove(&watching->tree, path);
  int what = what_of(event->mask);
  if (what) send_event(watching, (enum what)what, path);
  return what != 0;
}

static void begin_scan(struct watching *watching) {
  char full[PATH_MAX];
  for (int i = 0; i < watching->tree.count && !watching->scan; i++) {
    struct watched *watched = &watching->tree.dirs[i];
    if (!watched->needs_scan) continue;
    watched->needs_scan = false;
    if (!watch_tree_join(watching->tree.root, watched->path, full, sizeof full)) continue;
    watching->scan_path = strdup(watched->path);
    watching->scan = watching->scan_path ? opendir(full) : NULL;
    if (watching->scan) return;
    free(watching->scan_path);
    watching->scan_path = NULL;
  }
}

static void end_scan(struct watching *watching) {
  if (watching->scan) closedir(watching->scan);
  free(watching->scan_path);
  watching->scan = NULL;
  watching->scan_path = NULL;
}

// Tells of one thing that was in a new directory before it was watched.
static bool scan(struct watching *watching) {
  char path[PATH_MAX];
  for (;;) {
    if (!watching->scan) begin_scan(watching);
    if (!watching->scan) return false;
    const struct dirent *entry = readdir(watching->scan);
    if (!entry) {
      end_scan(watching);
      continue;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (!watch_tree_join(watching->scan_path, entry->d_name, path, sizeof path)) continue;
    if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
      watching->error = watch_tree_add(&watching->tree, path, true);
    send_event(watching, CREATED, path);
    return true;
  }
}

static bool pump(struct stream *stream) {
  struct watching *watching = (struct watching *)stream;
  for (;;) {
    if (watching->error) {
      send_error(stream->id, watching->error, "watch %s", watching->tree.root);
      stream_end(stream);
      return true;
    }
    if (scan(watching)) return true;
    if (watching->begin == watching->end) {
      ssize_t length = read(watching->source.fd, watching->events, sizeof watching->events);
      if (length <= 0) break;
      watching->begin = 0;
      watching->end = (size_t)length;
    }
    const struct inotify_event *event = (const void *)(watching->events + watching->begin);
    watching->begin += sizeof *event + event->len;
    if (take_event(watching, event)) return true;
  }
  source_want(&watching->source, EPOLLIN);
  return false;
}

static void on_ready(struct source *source, uint32_t events) {
  (void)events;
  source_want(source, 0);
  ((struct watching *)source->owner)->stream.is_ready = true;
}

static void end(struct stream *stream) {
  struct watching *watching = (struct watching *)stream;
  end_scan(watching);
  source_close(&watching->source);
  watch_tree_close(&watching->tree);
}

static const struct stream_kind kind = {.pump = pump, .end = end};

void watch_open(uint32_t id, struct reader *request) {
  struct path path;
  take_path(request, &path);
  uint8_t is_recursive = take_u8(request);
  if (refuse_request(id, request, &path)) return;
  struct watching *watching = stream_create(id, &kind, sizeof *watching);
  if (!watching) return;
  int error = watch_tree_open(&watching->tree, path.text, is_recursive);
  watching->source = (struct source){.fd = watching->tree.inotify, .ready = on_ready, .owner = watching};
  watching->stream.is_ready = true;
  if (!error) {
    send_empty_result(id);
    return;
  }
  send_error(id, error, "watch %s", path.text);
  stream_end(&watching->stream);
}
