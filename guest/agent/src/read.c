// READ: a file's bytes, read as the window lets them go, so that nothing is kept.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame.h"
#include "kinds.h"
#include "loop.h"
#include "path.h"
#include "session.h"
#include "stream.h"

struct reading {
  struct stream stream;
  struct source file;
  struct sending sending;
  uint64_t left;
};

static bool end_with_error(struct reading *reading, int error) {
  send_error(reading->stream.id, error, "read");
  stream_end(&reading->stream);
  return true;
}

static bool end_with_eof(struct reading *reading) {
  send_eof(reading->stream.id, CHANNEL_OUT, reading->sending.sent);
  stream_end(&reading->stream);
  return true;
}

static bool pump(struct stream *stream) {
  struct reading *reading = (struct reading *)stream;
  if (reading->left == 0) return end_with_eof(reading);
  size_t room = sending_room(&reading->sending);
  if (room > reading->left) room = (size_t)reading->left;
  struct writer frame;
  uint8_t *to = room > 0 ? data_frame_begin(&frame, &reading->sending, CHANNEL_OUT) : NULL;
  if (!to) return false;
  ssize_t length;
  do length = read(reading->file.fd, to, room);
  while (length < 0 && errno == EINTR);
  if (length == 0) return end_with_eof(reading);
  if (length < 0 && errno != EAGAIN) return end_with_error(reading, errno);
  if (length < 0) return !source_want(&reading->file, EPOLLIN) && end_with_error(reading, errno);
  reading->left -= (uint64_t)length;
  data_frame_send(&frame, stream->id, &reading->sending, (size_t)length);
  return true;
}

// A pipe or terminal has something again.
static void on_ready(struct source *source, uint32_t events) {
  (void)events;
  struct reading *reading = source->owner;
  source_want(source, 0);
  reading->stream.is_ready = true;
}

static bool take_window(struct stream *stream, uint8_t channel, uint64_t acknowledged, uint64_t limit) {
  struct reading *reading = (struct reading *)stream;
  stream->is_ready = true;
  return channel == CHANNEL_OUT && sending_window(&reading->sending, acknowledged, limit);
}

static void end(struct stream *stream) { source_close(&((struct reading *)stream)->file); }

static const struct stream_kind kind = {.window = take_window, .pump = pump, .end = end};

static int open_file(const char *path, uint64_t offset, struct stat *status) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int error = 0;
  if (fstat(fd, status) != 0)
    error = errno;
  else if (S_ISDIR(status->st_mode))
    error = EISDIR;
  else if (offset > INT64_MAX)
    error = EINVAL;
  else if (offset > 0 && lseek(fd, (off_t)offset, SEEK_SET) < 0)
    error = errno;
  if (!error) return fd;
  close(fd);
  return -error;
}

void read_open(uint32_t id, struct reader *request) {
  struct path path;
  struct stat status;
  take_path(request, &path);
  uint64_t offset = take_u64(request), length = take_u64(request);
  if (refuse_request(id, request, &path)) return;
  int fd = open_file(path.text, offset, &status);
  if (fd < 0) {
    send_error(id, -fd, "read %s", path.text);
    return;
  }
  struct reading *reading = stream_create(id, &kind, sizeof *reading);
  if (!reading) {
    close(fd);
    return;
  }
  reading->file = (struct source){.fd = fd, .ready = on_ready, .owner = reading};
  reading->left = length;
  reading->stream.is_ready = length == 0;
  struct writer result = frame_begin(20);
  put_u64(&result, (uint64_t)status.st_size);
  put_u32(&result, status.st_mode & 07777);
  put_u64(&result, (uint64_t)status.st_mtim.tv_sec * SECOND_NS + (uint64_t)status.st_mtim.tv_nsec);
  send_result(&result, id);
}
