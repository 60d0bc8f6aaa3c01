// Files: read, written at once or not at all, listed, removed. Against a real agent.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "client.h"

static struct client client;
static struct message message;
static const char *base;
static uint32_t next_stream;

static void begin(void) {
  base = temporary_directory();
  client_start(&client);
  client_begin(&client);
  next_stream = 1;
}

static const char *full(const char *name) {
  static char path[8192];
  snprintf(path, sizeof path, "%s/%s", base, name);
  return path;
}

static void make_file(const char *name, const char *content, mode_t mode) {
  int fd = open(full(name), O_WRONLY | O_CREAT | O_TRUNC, mode);
  CHECK(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content) && fchmod(fd, mode) == 0 && close(fd) == 0);
}

static const char *content_of(const char *name) {
  static char content[4096];
  int fd = open(full(name), O_RDONLY);
  if (fd < 0) return NULL;
  ssize_t length = read(fd, content, sizeof content - 1);
  close(fd);
  CHECK(length >= 0);
  content[length] = 0;
  return content;
}

static struct request *open_request(uint8_t kind, const char *name) {
  struct request *request = request_begin();
  put_u8(&request->writer, kind);
  put_path(request, base, name);
  return request;
}

static uint32_t send_open(struct request *request) {
  client_send(&client, request, FRAME_OPEN, next_stream);
  return next_stream++;
}

// ---- read

static uint32_t open_read(const char *name, uint64_t offset, uint64_t length) {
  struct request *request = open_request(2, name);
  put_u64(&request->writer, offset);
  put_u64(&request->writer, length);
  return send_open(request);
}

static void expect_content(uint32_t stream, const char *expected, size_t length) {
  uint64_t offset = 0;
  send_window(&client, stream, 1, 0, WINDOW_MAX);
  for (;;) {
    client_receive(&client, &message);
    CHECK_EQUAL(take_u8(&message.reader), 1);
    CHECK(take_u64(&message.reader) == offset);
    if (message.frame.type == FRAME_EOF) break;
    CHECK_EQUAL(message.frame.type, FRAME_DATA);
    size_t more = (size_t)(message.reader.end - message.reader.at);
    CHECK(offset + more <= length && memcmp(message.reader.at, expected + offset, more) == 0);
    offset += more;
    send_window(&client, stream, 1, offset, offset + WINDOW_MAX);
  }
  CHECK_EQUAL(offset, length);
}

static void reading(void) {
  static char big[300000];
  begin();
  make_file("f", "0123456789", 0640);
  uint32_t stream = open_read("f", 0, UINT64_MAX);
  client_expect(&client, &message, FRAME_RESULT, stream);
  CHECK_EQUAL(take_u64(&message.reader), 10);
  CHECK_EQUAL(take_u32(&message.reader), 0640);
  CHECK(take_u64(&message.reader) > 0 && reader_is_finished(&message.reader));
  expect_content(stream, "0123456789", 10);
  stream = open_read("f", 3, 4);
  client_expect(&client, &message, FRAME_RESULT, stream);
  expect_content(stream, "3456", 4);
  stream = open_read("f", 100, 4);
  client_expect(&client, &message, FRAME_RESULT, stream);
  expect_content(stream, "", 0);

  for (size_t i = 0; i < sizeof big - 1; i++) big[i] = (char)('a' + i % 23);
  make_file("big", big, 0600);
  stream = open_read("big", 0, UINT64_MAX);
  client_expect(&client, &message, FRAME_RESULT, stream);
  expect_content(stream, big, sizeof big - 1);

  CHECK_EQUAL(client_expect_error(&client, open_read("missing", 0, 1)), ENOENT);
  CHECK_EQUAL(client_expect_error(&client, open_read("", 0, 1)), EISDIR);
  client_stop(&client);
}

// A pipe has no end until its writer goes; reading it holds nothing else up.
static void reading_a_pipe(void) {
  begin();
  CHECK(mkfifo(full("pipe"), 0600) == 0);
  int fd = open(full("pipe"), O_RDWR);
  uint32_t stream = open_read("pipe", 0, UINT64_MAX);
  client_expect(&client, &message, FRAME_RESULT, stream);
  send_window(&client, stream, 1, 0, 1000);
  client_ping(&client, 1);
  CHECK_EQUAL(write(fd, "late", 4), 4);
  client_expect(&client, &message, FRAME_DATA, stream);
  close(fd);
  client_expect(&client, &message, FRAME_EOF, stream);
  client_stop(&client);
}

// ---- write

static uint32_t open_write(const char *name, uint32_t mode, uint8_t flags) {
  struct request *request = open_request(3, name);
  put_u32(&request->writer, mode);
  put_u8(&request->writer, flags);
  return send_open(request);
}

static void expect_written(uint32_t stream, uint64_t size) {
  do client_receive(&client, &message);
  while (message.frame.type == FRAME_WINDOW);
  CHECK_EQUAL(message.frame.type, FRAME_RESULT);
  CHECK_EQUAL(message.frame.stream, stream);
  CHECK(take_u64(&message.reader) == size);
}

static void write_file(const char *name, uint32_t mode, uint8_t flags, const char *content) {
  uint32_t stream = open_write(name, mode, flags);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  if (*content) send_data(&client, stream, 0, content, strlen(content));
  send_eof_in(&client, stream, strlen(content));
  expect_written(stream, strlen(content));
}

static mode_t mode_of(const char *name) {
  struct stat status;
  CHECK(lstat(full(name), &status) == 0);
  return status.st_mode;
}

static int count_entries(void) {
  int count = 0;
  DIR *directory = opendir(base);
  while (readdir(directory)) count++;
  closedir(directory);
  return count - 2;
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
  CHECK_EQUAL(client_expect_error(&client, open_write("a/b/f", 0600, 0)), ENOENT);
  write_file("a/b/f", 0600, 1, "deep");
  CHECK(strcmp(content_of("a/b/f"), "deep") == 0);
  CHECK_EQUAL(client_expect_error(&client, open_write("a", 0600, 0)), EISDIR);
  CHECK_EQUAL(client_expect_error(&client, open_write("x/", 0600, 0)), EISDIR);
  CHECK_EQUAL(client_expect_error(&client, open_write("x", 0200000, 0)), EINVAL);

  CHECK(symlink("a/b/f", full("link")) == 0 && symlink("later", full("dangling")) == 0 && symlink("loop", full("loop")) == 0);
  write_file("link", 0xFFFFFFFF, 0, "through");
  CHECK(S_ISLNK(mode_of("link")) && strcmp(content_of("a/b/f"), "through") == 0);
  write_file("dangling", 0xFFFFFFFF, 0, "made");
  CHECK(S_ISLNK(mode_of("dangling")) && strcmp(content_of("later"), "made") == 0);
  CHECK_EQUAL(client_expect_error(&client, open_write("loop", 0600, 0)), ELOOP);
  CHECK_EQUAL(count_entries(), 6);
  client_stop(&client);
}

static void what_is_not_finished_changes_nothing(void) {
  begin();
  make_file("f", "old", 0600);
  // The host closes it.
  uint32_t stream = open_write("f", 0600, 0);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  send_data(&client, stream, 0, "new", 3);
  client_ping(&client, 1);
  CHECK_EQUAL(count_entries(), 2);
  CHECK(strcmp(content_of("f"), "old") == 0);
  send_close(&client, stream);
  client_ping(&client, 2);
  CHECK_EQUAL(count_entries(), 1);
  // The session is lost.
  stream = open_write("f", 0600, 0);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  send_data(&client, stream, 0, "new", 3);
  client_begin(&client);
  client_ping(&client, 3);
  CHECK_EQUAL(count_entries(), 1);
  // The host goes for good.
  stream = open_write("f", 0600, 0);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_stop(&client);
  CHECK_EQUAL(count_entries(), 1);
  CHECK(strcmp(content_of("f"), "old") == 0);
}

static void windows_are_kept_to(void) {
  static uint8_t data[DATA_MAX];
  begin();
  uint32_t stream = open_write("f", 0600, 0);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  CHECK_EQUAL(take_u8(&message.reader), 0);
  CHECK_EQUAL(take_u64(&message.reader), 0);
  uint64_t limit = take_u64(&message.reader), sent = 0;
  CHECK(limit > 0 && limit <= WINDOW_MAX);
  for (; sent + DATA_MAX <= 4 * limit; sent += DATA_MAX) {
    uint64_t granted = limit;
    while (sent + DATA_MAX > granted) {
      client_expect(&client, &message, FRAME_WINDOW, stream);
      CHECK_EQUAL(take_u8(&message.reader), 0);
      uint64_t acknowledged = take_u64(&message.reader);
      granted = take_u64(&message.reader);
      CHECK(acknowledged <= sent && granted - acknowledged <= WINDOW_MAX);
    }
    if (granted > limit) limit = granted;
    if (sent > (3u << 20)) break;
    send_data(&client, stream, sent, data, DATA_MAX);
  }
  send_eof_in(&client, stream, sent);
  expect_written(stream, sent);
  // A byte past the limit ends the session.
  stream = open_write("g", 0600, 0);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  send_data(&client, stream, 1, "x", 1);  // a gap
  client_expect_silence(&client, 20);
  client_begin(&client);
  client_ping(&client, 1);
  client_stop(&client);
}

static void devices_and_pipes_are_written_directly(void) {
  begin();
  CHECK(mkfifo(full("pipe"), 0600) == 0);
  CHECK_EQUAL(client_expect_error(&client, open_write("pipe", 0600, 0)), ENXIO);  // nobody reads
  int fd = open(full("pipe"), O_RDONLY | O_NONBLOCK);
  uint32_t stream = open_write("pipe", 0600, 0);
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  uint64_t limit = (take_u8(&message.reader), take_u64(&message.reader), take_u64(&message.reader)), sent = 0, got = 0;
  static uint8_t data[DATA_MAX], back[DATA_MAX];
  // More than the pipe holds: the rest is kept until it is read.
  for (; sent + DATA_MAX <= limit; sent += DATA_MAX) send_data(&client, stream, sent, data, DATA_MAX);
  send_eof_in(&client, stream, sent);
  client_ping(&client, 1);
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
  client_expect(&client, &message, FRAME_RESULT, stream);
  client_expect(&client, &message, FRAME_WINDOW, stream);
  send_data(&client, stream, 0, data, sizeof data);
  send_eof_in(&client, stream, sizeof data);
  expect_written(stream, sizeof data);
  CHECK(access("/dev/null", W_OK) == 0);
  client_stop(&client);
}

// ---- list and stat

static uint32_t open_list(const char *name, uint32_t limit, const char *after) {
  struct request *request = open_request(4, name);
  put_u32(&request->writer, limit);
  put_string(&request->writer, after);
  return send_open(request);
}

struct entry {
  char name[256], link[300];
  uint8_t type;
  uint32_t mode;
  uint64_t size;
};

static struct entry take_entry(void) {
  struct entry entry = {0};
  struct text name = take_text(&message.reader);
  CHECK(name.length > 0 && name.length < sizeof entry.name);
  memcpy(entry.name, name.data, name.length);
  entry.type = take_u8(&message.reader);
  entry.mode = take_u32(&message.reader);
  CHECK_EQUAL(take_u32(&message.reader), getuid());
  CHECK_EQUAL(take_u32(&message.reader), getgid());
  entry.size = take_u64(&message.reader);
  take_u64(&message.reader);
  struct text link = take_text(&message.reader);
  CHECK(link.length < sizeof entry.link);
  memcpy(entry.link, link.data, link.length);
  CHECK(!message.reader.bad);
  return entry;
}

static void listing(void) {
  begin();
  make_file("b", "12345", 0640);
  CHECK(mkdir(full("a"), 0711) == 0 && symlink("b", full("c")) == 0 && mkfifo(full("d"), 0600) == 0);
  uint32_t stream = open_list("", 10000, "");
  client_expect(&client, &message, FRAME_RESULT, stream);
  CHECK_EQUAL(take_u8(&message.reader), 0);
  CHECK_EQUAL(take_u32(&message.reader), 4);
  struct entry entry = take_entry();
  CHECK(strcmp(entry.name, "a") == 0 && entry.type == 'd' && entry.mode == 0711);
  entry = take_entry();
  CHECK(strcmp(entry.name, "b") == 0 && entry.type == 'f' && entry.mode == 0640 && entry.size == 5);
  entry = take_entry();
  CHECK(strcmp(entry.name, "c") == 0 && entry.type == 'l' && strcmp(entry.link, "b") == 0);
  entry = take_entry();
  CHECK(strcmp(entry.name, "d") == 0 && entry.type == 'p');
  CHECK(reader_is_finished(&message.reader));
  CHECK_EQUAL(client_expect_error(&client, open_list("missing", 1, "")), ENOENT);
  CHECK_EQUAL(client_expect_error(&client, open_list("b", 1, "")), ENOTDIR);
  CHECK_EQUAL(client_expect_error(&client, open_list("", 0, "")), EINVAL);
  CHECK_EQUAL(client_expect_error(&client, open_list("", 10001, "")), EINVAL);
  client_stop(&client);
}

// More than one frame holds, page by page, in order, each once.
static void listing_page_by_page(void) {
  enum { FILES = 3000 };
  char name[64], last[256] = "";
  int count = 0;
  begin();
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "file-%06d", (i * 7919) % FILES);
    make_file(name, "", 0600);
  }
  for (uint32_t limit = 10000, more = 1; more; limit = limit == 10000 ? 100 : 10000) {
    uint32_t stream = open_list("", limit, last);
    client_expect(&client, &message, FRAME_RESULT, stream);
    more = take_u8(&message.reader);
    uint32_t page = take_u32(&message.reader);
    CHECK(page > 0 && page <= limit);
    for (; page > 0; page--, count++) {
      struct entry entry = take_entry();
      CHECK(strcmp(entry.name, last) > 0);
      strcpy(last, entry.name);
    }
    CHECK(reader_is_finished(&message.reader));
  }
  CHECK_EQUAL(count, FILES);
  client_stop(&client);
}

static uint32_t open_stat(const char *name, uint8_t follow) {
  struct request *request = open_request(5, name);
  put_u8(&request->writer, follow);
  return send_open(request);
}

static void stating(void) {
  begin();
  make_file("f", "123", 0600);
  CHECK(symlink("f", full("l")) == 0 && symlink("nowhere", full("broken")) == 0);
  client_expect(&client, &message, FRAME_RESULT, open_stat("l", 0));
  struct entry entry = take_entry();
  CHECK(strcmp(entry.name, "l") == 0 && entry.type == 'l' && strcmp(entry.link, "f") == 0);
  client_expect(&client, &message, FRAME_RESULT, open_stat("l", 1));
  entry = take_entry();
  CHECK(strcmp(entry.name, "l") == 0 && entry.type == 'f' && entry.size == 3 && !*entry.link);
  CHECK_EQUAL(client_expect_error(&client, open_stat("broken", 1)), ENOENT);
  CHECK_EQUAL(client_expect_error(&client, open_stat("f/x", 1)), ENOTDIR);
  char long_name[300];
  memset(long_name, 'n', 299);
  long_name[299] = 0;
  CHECK_EQUAL(client_expect_error(&client, open_stat(long_name, 1)), ENAMETOOLONG);
  client_stop(&client);
}

// ---- mkdir, rename, remove

static uint32_t open_mkdir(const char *name, uint32_t mode, uint8_t parents) {
  struct request *request = open_request(6, name);
  put_u32(&request->writer, mode);
  put_u8(&request->writer, parents);
  return send_open(request);
}

static void making_directories(void) {
  begin();
  client_expect(&client, &message, FRAME_RESULT, open_mkdir("d", 01777, 0));
  CHECK_EQUAL(mode_of("d") & 07777, 01777);
  CHECK_EQUAL(client_expect_error(&client, open_mkdir("d", 0755, 0)), EEXIST);
  CHECK_EQUAL(client_expect_error(&client, open_mkdir("x/y/z", 0755, 0)), ENOENT);
  client_expect(&client, &message, FRAME_RESULT, open_mkdir("x/y/z/", 0700, 1));
  CHECK(S_ISDIR(mode_of("x/y/z")) && (mode_of("x/y") & 07777) == 0755 && (mode_of("x/y/z") & 07777) == 0700);
  client_expect(&client, &message, FRAME_RESULT, open_mkdir("x/y/z", 0755, 1));
  make_file("f", "", 0600);
  CHECK_EQUAL(client_expect_error(&client, open_mkdir("f", 0755, 1)), EEXIST);
  CHECK_EQUAL(client_expect_error(&client, open_mkdir("f/g/h", 0755, 1)), ENOTDIR);
  client_stop(&client);
}

static void renaming(void) {
  begin();
  make_file("f", "it", 0600);
  struct request *request = open_request(8, "f");
  put_path(request, base, "g");
  client_expect(&client, &message, FRAME_RESULT, send_open(request));
  CHECK(!content_of("f") && strcmp(content_of("g"), "it") == 0);
  request = open_request(8, "f");
  put_path(request, base, "g");
  CHECK_EQUAL(client_expect_error(&client, send_open(request)), ENOENT);
  client_stop(&client);
}

static uint32_t open_remove(const char *name, uint8_t recursive) {
  struct request *request = open_request(7, name);
  put_u8(&request->writer, recursive);
  return send_open(request);
}

static void removing(void) {
  begin();
  CHECK(mkdir(full("outside"), 0700) == 0);
  make_file("outside/precious", "kept", 0600);
  CHECK(mkdir(full("tree"), 0700) == 0 && mkdir(full("tree/sub"), 0700) == 0 && mkdir(full("tree/sub/empty"), 0700) == 0);
  CHECK(symlink("../outside", full("tree/link")) == 0 && symlink("../../outside", full("tree/sub/link")) == 0);
  make_file("tree/sub/f", "x", 0400);
  CHECK_EQUAL(client_expect_error(&client, open_remove("tree", 0)), ENOTEMPTY);
  CHECK_EQUAL(client_expect_error(&client, open_remove("tree/sub/..", 1)), EINVAL);
  client_expect(&client, &message, FRAME_RESULT, open_remove("tree/", 1));
  CHECK(access(full("tree"), F_OK) != 0);
  CHECK(strcmp(content_of("outside/precious"), "kept") == 0);
  // A link is removed, not what it leads to.
  CHECK(symlink("outside", full("link")) == 0);
  client_expect(&client, &message, FRAME_RESULT, open_remove("link", 1));
  CHECK(strcmp(content_of("outside/precious"), "kept") == 0);
  client_expect(&client, &message, FRAME_RESULT, open_remove("outside/precious", 0));
  client_expect(&client, &message, FRAME_RESULT, open_remove("outside", 0));
  CHECK_EQUAL(client_expect_error(&client, open_remove("outside", 1)), ENOENT);
  CHECK_EQUAL(count_entries(), 0);
  struct request *request = request_begin();
  put_u8(&request->writer, 7);
  put_string(&request->writer, "//");
  put_u8(&request->writer, 1);
  CHECK_EQUAL(client_expect_error(&client, send_open(request)), EBUSY);
  client_stop(&client);
}

// Deeper than paths, stacks and descriptors go.
static void removing_a_very_deep_tree(void) {
  begin();
  int directory = open(base, O_RDONLY | O_DIRECTORY);
  for (int depth = 0; depth < 5000; depth++) {
    CHECK(mkdirat(directory, "deep", 0700) == 0);
    int below = openat(directory, "deep", O_RDONLY | O_DIRECTORY);
    CHECK(below >= 0);
    close(directory);
    directory = below;
  }
  close(directory);
  client_expect(&client, &message, FRAME_RESULT, open_remove("deep", 1));
  CHECK_EQUAL(count_entries(), 0);
  client_stop(&client);
}

// In a mount namespace of its own, which ends with the test. A bind mount has the device number of what is around it.
static void removing_stops_at_mount_points(void) {
  char other[128], point[128];
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) skip("no right to mount");
  begin();
  CHECK(mkdir(full("tree"), 0700) == 0 && mkdir(full("tree/mounted"), 0700) == 0 && mkdir(full("other"), 0700) == 0);
  make_file("other/precious", "kept", 0600);
  snprintf(other, sizeof other, "%s/other", base);
  snprintf(point, sizeof point, "%s/tree/mounted", base);
  CHECK(mount(other, point, NULL, MS_BIND, NULL) == 0);
  CHECK_EQUAL(client_expect_error(&client, open_remove("tree", 1)), EXDEV);
  CHECK_EQUAL(client_expect_error(&client, open_remove("tree/mounted", 1)), EXDEV);
  CHECK(strcmp(content_of("other/precious"), "kept") == 0);
  CHECK(umount2(point, MNT_DETACH) == 0);
  client_expect(&client, &message, FRAME_RESULT, open_remove("tree", 1));
  client_stop(&client);
}

RUN_TESTS(TEST(reading), TEST(reading_a_pipe), TEST(writing), TEST(what_is_not_finished_changes_nothing), TEST(windows_are_kept_to),
          TEST(devices_and_pipes_are_written_directly), TEST(listing), TEST(listing_page_by_page), TEST(stating), TEST(making_directories),
          TEST(renaming), TEST(removing), TEST(removing_a_very_deep_tree), TEST(removing_stops_at_mount_points))
