// Files: read, and written at once or not at all. Against a real agent.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "files.h"

static uint32_t open_read(const char *name, uint64_t offset, uint64_t length) {
  struct request *request = open_request(2, name);
  put_u64(&request->writer, offset);
  put_u64(&request->writer, length);
  return send_open(request);
}

static void expect_content(uint32_t stream, const char *expected, size_t length) {
  uint64_t offset = 0;
  send_window(&place.client, stream, 1, 0, WINDOW_MAX);
  for (;;) {
    client_receive(&place.client, &place.message);
    CHECK_EQUAL(take_u8(&place.message.reader), 1);
    CHECK(take_u64(&place.message.reader) == offset);
    if (place.message.frame.type == FRAME_EOF) break;
    CHECK_EQUAL(place.message.frame.type, FRAME_DATA);
    size_t more = (size_t)(place.message.reader.end - place.message.reader.at);
    CHECK(offset + more <= length && memcmp(place.message.reader.at, expected + offset, more) == 0);
    offset += more;
    send_window(&place.client, stream, 1, offset, offset + WINDOW_MAX);
  }
  CHECK_EQUAL(offset, length);
}

static void reading(void) {
  static char big[300000];
  begin();
  make_file("f", "0123456789", 0640);
  uint32_t stream = open_read("f", 0, UINT64_MAX);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  CHECK_EQUAL(take_u64(&place.message.reader), 10);
  CHECK_EQUAL(take_u32(&place.message.reader), 0640);
  CHECK(take_u64(&place.message.reader) > 0 && reader_is_finished(&place.message.reader));
  expect_content(stream, "0123456789", 10);
  stream = open_read("f", 3, 4);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  expect_content(stream, "3456", 4);
  stream = open_read("f", 100, 4);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  expect_content(stream, "", 0);

  for (size_t i = 0; i < sizeof big - 1; i++) big[i] = (char)('a' + i % 23);
  make_file("big", big, 0600);
  stream = open_read("big", 0, UINT64_MAX);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  expect_content(stream, big, sizeof big - 1);

  CHECK_EQUAL(client_expect_error(&place.client, open_read("missing", 0, 1)), ENOENT);
  CHECK_EQUAL(client_expect_error(&place.client, open_read("", 0, 1)), EISDIR);
  client_stop(&place.client);
}

// A pipe has no end until its writer goes; reading it holds nothing else up.
static void reading_a_pipe(void) {
  begin();
  CHECK(mkfifo(full("pipe"), 0600) == 0);
  int fd = open(full("pipe"), O_RDWR);
  uint32_t stream = open_read("pipe", 0, UINT64_MAX);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  send_window(&place.client, stream, 1, 0, 1000);
  client_ping(&place.client, 1);
  CHECK_EQUAL(write(fd, "late", 4), 4);
  client_expect(&place.client, &place.message, FRAME_DATA, stream);
  close(fd);
  client_expect(&place.client, &place.message, FRAME_EOF, stream);
  client_stop(&place.client);
}

// ---- write

static uint32_t open_write(const char *name, uint32_t mode, uint8_t flags) {
  struct request *request = open_request(3, name);
  put_u32(&request->writer, mode);
  put_u8(&request->writer, flags);
  return send_open(request);
}

static void expect_written(uint32_t stream, uint64_t size) {
  do client_receive(&place.client, &place.message);
  while (place.message.frame.type == FRAME_WINDOW);
  CHECK_EQUAL(place.message.frame.type, FRAME_RESULT);
  CHECK_EQUAL(place.message.frame.stream, stream);
  CHECK(take_u64(&place.message.reader) == size);
}

static void write_file(const char *name, uint32_t mode, uint8_t flags, const char *content) {
  uint32_t stream = open_write(name, mode, flags);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  if (*content) send_data(&place.client, stream, 0, content, strlen(content));
  send_eof_in(&place.client, stream, strlen(content));
  expect_written(stream, strlen(content));
}

static void writing(void) {
  begin();
  write_file("new", 0xFFFFFFFF, 0, "content");
  CHECK(strcmp(content_of("new"), "content") == 0);
  CHECK_EQUAL(mode_of("new") & 07777, 0644);
  write_file("new", 04755, 0, "");
  CHECK(strcmp(content_of("new"), "") == 0);
  CHECK_EQUAL(mode_of("new") & 07777, 04755);
  write_file("new", 0xFFFFFFFF, 0, "kept mode");
  CHECK_EQUAL(mode_of("new") & 07777, 04755);
  struct stat status;
  if (geteuid() == 0) {
    CHECK(chown(full("new"), 12, 34) == 0);
    write_file("new", 0600, 0, "kept owner");
    CHECK(stat(full("new"), &status) == 0 && status.st_uid == 12 && status.st_gid == 34);
  }
  CHECK_EQUAL(client_expect_error(&place.client, open_write("a/b/f", 0600, 0)), ENOENT);
  write_file("a/b/f", 0600, 1, "deep");
  CHECK(strcmp(content_of("a/b/f"), "deep") == 0);
  CHECK_EQUAL(client_expect_error(&place.client, open_write("a", 0600, 0)), EISDIR);
  CHECK_EQUAL(client_expect_error(&place.client, open_write("x/", 0600, 0)), EISDIR);
  CHECK_EQUAL(client_expect_error(&place.client, open_write("x", 0200000, 0)), EINVAL);

  CHECK(symlink("a/b/f", full("link")) == 0 && symlink("later", full("dangling")) == 0 &&
        symlink("loop", full("loop")) == 0);
  write_file("link", 0xFFFFFFFF, 0, "through");
  CHECK(S_ISLNK(mode_of("link")) && strcmp(content_of("a/b/f"), "through") == 0);
  write_file("dangling", 0xFFFFFFFF, 0, "made");
  CHECK(S_ISLNK(mode_of("dangling")) && strcmp(content_of("later"), "made") == 0);
  CHECK_EQUAL(client_expect_error(&place.client, open_write("loop", 0600, 0)), ELOOP);
  CHECK_EQUAL(count_entries(), 6);
  client_stop(&place.client);
}

static void what_is_not_finished_changes_nothing(void) {
  begin();
  make_file("f", "old", 0600);
  // The host closes it.
  uint32_t stream = open_write("f", 0600, 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  send_data(&place.client, stream, 0, "new", 3);
  client_ping(&place.client, 1);
  CHECK_EQUAL(count_entries(), 2);
  CHECK(strcmp(content_of("f"), "old") == 0);
  send_close(&place.client, stream);
  client_ping(&place.client, 2);
  CHECK_EQUAL(count_entries(), 1);
  // The session is lost.
  stream = open_write("f", 0600, 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  send_data(&place.client, stream, 0, "new", 3);
  client_begin(&place.client);
  client_ping(&place.client, 3);
  CHECK_EQUAL(count_entries(), 1);
  // The host goes for good.
  stream = open_write("f", 0600, 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_stop(&place.client);
  CHECK_EQUAL(count_entries(), 1);
  CHECK(strcmp(content_of("f"), "old") == 0);
}

static void windows_are_kept_to(void) {
  static uint8_t data[DATA_MAX];
  begin();
  uint32_t stream = open_write("f", 0600, 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  CHECK_EQUAL(take_u8(&place.message.reader), 0);
  CHECK_EQUAL(take_u64(&place.message.reader), 0);
  uint64_t limit = take_u64(&place.message.reader), sent = 0;
  CHECK(limit > 0 && limit <= WINDOW_MAX);
  for (; sent + DATA_MAX <= 4 * limit; sent += DATA_MAX) {
    uint64_t granted = limit;
    while (sent + DATA_MAX > granted) {
      client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
      CHECK_EQUAL(take_u8(&place.message.reader), 0);
      uint64_t acknowledged = take_u64(&place.message.reader);
      granted = take_u64(&place.message.reader);
      CHECK(acknowledged <= sent && granted - acknowledged <= WINDOW_MAX);
    }
    if (granted > limit) limit = granted;
    if (sent > (3u << 20)) break;
    send_data(&place.client, stream, sent, data, DATA_MAX);
  }
  send_eof_in(&place.client, stream, sent);
  expect_written(stream, sent);
  // A gap ends the session.
  stream = open_write("g", 0600, 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  send_data(&place.client, stream, 1, "x", 1);
  client_expect_session_end(&place.client);
  client_stop(&place.client);
}

static void devices_and_pipes_are_written_directly(void) {
  begin();
  CHECK(mkfifo(full("pipe"), 0600) == 0);
  CHECK_EQUAL(client_expect_error(&place.client, open_write("pipe", 0600, 0)), ENXIO);  // nobody reads
  int fd = open(full("pipe"), O_RDONLY | O_NONBLOCK);
  uint32_t stream = open_write("pipe", 0600, 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  uint64_t limit = (take_u8(&place.message.reader), take_u64(&place.message.reader), take_u64(&place.message.reader)),
           sent = 0, got = 0;
  static uint8_t data[DATA_MAX], back[DATA_MAX];
  // More than the pipe holds: the rest is kept until it is read.
  for (; sent + DATA_MAX <= limit; sent += DATA_MAX) send_data(&place.client, stream, sent, data, DATA_MAX);
  send_eof_in(&place.client, stream, sent);
  client_ping(&place.client, 1);
  while (got < sent) {
    ssize_t more = read(fd, back, sizeof back);
    CHECK(more > 0 || errno == EAGAIN);
    if (more > 0) got += (uint64_t)more;
  }
  expect_written(stream, sent);
  close(fd);

  struct request *request = request_begin();
  put_u8(&request->writer, 3);
  put_string(&request->writer, "/dev/null");
  put_u32(&request->writer, 0600);
  put_u8(&request->writer, 0);
  stream = send_open(request);
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  client_expect(&place.client, &place.message, FRAME_WINDOW, stream);
  send_data(&place.client, stream, 0, data, sizeof data);
  send_eof_in(&place.client, stream, sizeof data);
  expect_written(stream, sizeof data);
  CHECK(access("/dev/null", W_OK) == 0);
  client_stop(&place.client);
}

RUN_TESTS(TEST(reading), TEST(reading_a_pipe), TEST(writing), TEST(what_is_not_finished_changes_nothing),
          TEST(windows_are_kept_to), TEST(devices_and_pipes_are_written_directly))
