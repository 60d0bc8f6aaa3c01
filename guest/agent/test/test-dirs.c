// Directories: listed, made, renamed, removed; and STAT. Against a real agent.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "check.h"
#include "files.h"

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
  struct text name = take_text(&place.message.reader);
  CHECK(name.length > 0 && name.length < sizeof entry.name);
  memcpy(entry.name, name.data, name.length);
  entry.type = take_u8(&place.message.reader);
  entry.mode = take_u32(&place.message.reader);
  CHECK_EQUAL(take_u32(&place.message.reader), getuid());
  CHECK_EQUAL(take_u32(&place.message.reader), getgid());
  entry.size = take_u64(&place.message.reader);
  take_u64(&place.message.reader);
  struct text link = take_text(&place.message.reader);
  CHECK(link.length < sizeof entry.link);
  memcpy(entry.link, link.data, link.length);
  CHECK(!place.message.reader.bad);
  return entry;
}

static void listing(void) {
  begin();
  make_file("b", "12345", 0640);
  CHECK(mkdir(full("a"), 0711) == 0 && symlink("b", full("c")) == 0 && mkfifo(full("d"), 0600) == 0);
  uint32_t stream = open_list("", 10000, "");
  client_expect(&place.client, &place.message, FRAME_RESULT, stream);
  CHECK_EQUAL(take_u8(&place.message.reader), 0);
  CHECK_EQUAL(take_u32(&place.message.reader), 4);
  struct entry entry = take_entry();
  CHECK(strcmp(entry.name, "a") == 0 && entry.type == 'd' && entry.mode == 0711);
  entry = take_entry();
  CHECK(strcmp(entry.name, "b") == 0 && entry.type == 'f' && entry.mode == 0640 && entry.size == 5);
  entry = take_entry();
  CHECK(strcmp(entry.name, "c") == 0 && entry.type == 'l' && strcmp(entry.link, "b") == 0);
  entry = take_entry();
  CHECK(strcmp(entry.name, "d") == 0 && entry.type == 'p');
  CHECK(reader_is_finished(&place.message.reader));
  CHECK_EQUAL(client_expect_error(&place.client, open_list("missing", 1, "")), ENOENT);
  CHECK_EQUAL(client_expect_error(&place.client, open_list("b", 1, "")), ENOTDIR);
  CHECK_EQUAL(client_expect_error(&place.client, open_list("", 0, "")), EINVAL);
  CHECK_EQUAL(client_expect_error(&place.client, open_list("", 10001, "")), EINVAL);
  client_stop(&place.client);
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
    client_expect(&place.client, &place.message, FRAME_RESULT, stream);
    more = take_u8(&place.message.reader);
    uint32_t page = take_u32(&place.message.reader);
    CHECK(page > 0 && page <= limit);
    for (; page > 0; page--, count++) {
      struct entry entry = take_entry();
      CHECK(strcmp(entry.name, last) > 0);
      strcpy(last, entry.name);
    }
    CHECK(reader_is_finished(&place.message.reader));
  }
  CHECK_EQUAL(count, FILES);
  client_stop(&place.client);
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
  client_expect(&place.client, &place.message, FRAME_RESULT, open_stat("l", 0));
  struct entry entry = take_entry();
  CHECK(strcmp(entry.name, "l") == 0 && entry.type == 'l' && strcmp(entry.link, "f") == 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_stat("l", 1));
  entry = take_entry();
  CHECK(strcmp(entry.name, "l") == 0 && entry.type == 'f' && entry.size == 3 && !*entry.link);
  CHECK_EQUAL(client_expect_error(&place.client, open_stat("broken", 1)), ENOENT);
  CHECK_EQUAL(client_expect_error(&place.client, open_stat("f/x", 1)), ENOTDIR);
  char long_name[300];
  memset(long_name, 'n', 299);
  long_name[299] = 0;
  CHECK_EQUAL(client_expect_error(&place.client, open_stat(long_name, 1)), ENAMETOOLONG);
  client_stop(&place.client);
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
  client_expect(&place.client, &place.message, FRAME_RESULT, open_mkdir("d", 01777, 0));
  CHECK_EQUAL(mode_of("d") & 07777, 01777);
  CHECK_EQUAL(client_expect_error(&place.client, open_mkdir("d", 0755, 0)), EEXIST);
  CHECK_EQUAL(client_expect_error(&place.client, open_mkdir("x/y/z", 0755, 0)), ENOENT);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_mkdir("x/y/z/", 0700, 1));
  CHECK(S_ISDIR(mode_of("x/y/z")) && (mode_of("x/y") & 07777) == 0755 && (mode_of("x/y/z") & 07777) == 0700);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_mkdir("x/y/z", 0755, 1));
  make_file("f", "", 0600);
  CHECK_EQUAL(client_expect_error(&place.client, open_mkdir("f", 0755, 1)), EEXIST);
  CHECK_EQUAL(client_expect_error(&place.client, open_mkdir("f/g/h", 0755, 1)), ENOTDIR);
  client_stop(&place.client);
}

static void renaming(void) {
  begin();
  make_file("f", "it", 0600);
  struct request *request = open_request(8, "f");
  put_path(request, place.base, "g");
  client_expect(&place.client, &place.message, FRAME_RESULT, send_open(request));
  CHECK(!content_of("f") && strcmp(content_of("g"), "it") == 0);
  request = open_request(8, "f");
  put_path(request, place.base, "g");
  CHECK_EQUAL(client_expect_error(&place.client, send_open(request)), ENOENT);
  client_stop(&place.client);
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
  CHECK(mkdir(full("tree"), 0700) == 0 && mkdir(full("tree/sub"), 0700) == 0 &&
        mkdir(full("tree/sub/empty"), 0700) == 0);
  CHECK(symlink("../outside", full("tree/link")) == 0 && symlink("../../outside", full("tree/sub/link")) == 0);
  make_file("tree/sub/f", "x", 0400);
  CHECK_EQUAL(client_expect_error(&place.client, open_remove("tree", 0)), ENOTEMPTY);
  CHECK_EQUAL(client_expect_error(&place.client, open_remove("tree/sub/..", 1)), EINVAL);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_remove("tree/", 1));
  CHECK(access(full("tree"), F_OK) != 0);
  CHECK(strcmp(content_of("outside/precious"), "kept") == 0);
  // A link is removed, not what it leads to.
  CHECK(symlink("outside", full("link")) == 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_remove("link", 1));
  CHECK(strcmp(content_of("outside/precious"), "kept") == 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_remove("outside/precious", 0));
  client_expect(&place.client, &place.message, FRAME_RESULT, open_remove("outside", 0));
  CHECK_EQUAL(client_expect_error(&place.client, open_remove("outside", 1)), ENOENT);
  CHECK_EQUAL(count_entries(), 0);
  struct request *request = request_begin();
  put_u8(&request->writer, 7);
  put_string(&request->writer, "//");
  put_u8(&request->writer, 1);
  CHECK_EQUAL(client_expect_error(&place.client, send_open(request)), EBUSY);
  client_stop(&place.client);
}

// Deeper than paths, stacks and descriptors go.
static void removing_a_very_deep_tree(void) {
  begin();
  int directory = open(place.base, O_RDONLY | O_DIRECTORY);
  for (int depth = 0; depth < 2000; depth++) {
    CHECK(mkdirat(directory, "deep", 0700) == 0);
    int below = openat(directory, "deep", O_RDONLY | O_DIRECTORY);
    CHECK(below >= 0);
    close(directory);
    directory = below;
  }
  close(directory);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_remove("deep", 1));
  CHECK_EQUAL(count_entries(), 0);
  client_stop(&place.client);
}

// In a mount namespace of its own, which ends with the test. A bind mount has the device number of what is around it.
static void removing_stops_at_mount_points(void) {
  char other[128], point[128];
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) skip("no right to mount");
  begin();
  CHECK(mkdir(full("tree"), 0700) == 0 && mkdir(full("tree/mounted"), 0700) == 0 && mkdir(full("other"), 0700) == 0);
  make_file("other/precious", "kept", 0600);
  snprintf(other, sizeof other, "%s/other", place.base);
  snprintf(point, sizeof point, "%s/tree/mounted", place.base);
  CHECK(mount(other, point, NULL, MS_BIND, NULL) == 0);
  CHECK_EQUAL(client_expect_error(&place.client, open_remove("tree", 1)), EXDEV);
  CHECK_EQUAL(client_expect_error(&place.client, open_remove("tree/mounted", 1)), EXDEV);
  CHECK(strcmp(content_of("other/precious"), "kept") == 0);
  CHECK(umount2(point, MNT_DETACH) == 0);
  client_expect(&place.client, &place.message, FRAME_RESULT, open_remove("tree", 1));
  client_stop(&place.client);
}

RUN_TESTS(TEST(listing), TEST(listing_page_by_page), TEST(stating), TEST(making_directories), TEST(renaming),
          TEST(removing), TEST(removing_a_very_deep_tree), TEST(removing_stops_at_mount_points))
