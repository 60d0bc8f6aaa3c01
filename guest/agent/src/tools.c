// TOOLS: the tool packs that the host has put, or is about to put, on this machine's disk of packs.
//
// Nothing is written to the root for them: /opt/volary is a file system in memory, with a mount for each pack and, in bin, a link for each of
// their commands. The answer comes at once, and OPENs wait until all are mounted: so a VM is ready before, and whatever it is
// asked first finds its tools.
#include "tools.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "job.h"
#include "kinds.h"
#include "linux-abi.h"
#include "log.h"
#include "loop.h"
#include "path.h"
#include "session.h"
#include "stream.h"
#include "text-file.h"

enum { TOOLS_MAX = 32, NAME_SIZE = 64, WAIT_SECONDS = 20, DEVICE_SIZE = 32 };

#define HOME "/opt/volary"
#define PACKS HOME "/tools"

struct tool {
  char name[NAME_SIZE];
  uint8_t place;  // which partition it is made
  uint64_t offset, length;
};

struct request {
  char serial[NAME_SIZE];
  uint32_t count;
  struct tool tools[TOOLS_MAX];
};

static struct job *job;
// Why the last ones could not be mounted; empty: they are.
static char failure[256];

bool tools_are_there(void) { return access(TOOLS_BIN, F_OK) == 0; }

// The disk of this serial number, as `vdb`. False: there is none.
static bool find_disk(const char *serial, char disk[DEVICE_SIZE]) {
  DIR *blocks = opendir("/sys/block");
  const struct dirent *entry;
  bool is_found = false;
  while (blocks && !is_found && (entry = readdir(blocks))) {
    char path[300], text[NAME_SIZE + 1];
    snprintf(path, sizeof path, "/sys/block/%s/serial", entry->d_name);
    int length = read_text_file(path, text, sizeof text);
    if (length > 0 && text[length - 1] == '\n') text[length - 1] = 0;
    is_found = length > 0 && strcmp(text, serial) == 0 && strlen(entry->d_name) < DEVICE_SIZE - 16;
    if (is_found) strcpy(disk, entry->d_name);
  }
  if (blocks) closedir(blocks);
  return is_found;
}

// Partitions are told to the kernel, not written: the disk is nobody's to write to. One that is there already is the same one.
static int add_partition(const char *disk, const struct tool *tool) {
  char path[DEVICE_SIZE + 8];
  snprintf(path, sizeof path, "/dev/%s", disk);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  struct abi_blkpg_partition partition = {
      .start = (int64_t)tool->offset, .length = (int64_t)tool->length, .number = tool->place};
  struct abi_blkpg request = {.operation = ABI_BLKPG_ADD, .size = sizeof partition, .data = &partition};
  int error = ioctl(fd, ABI_BLKPG, &request) == 0 || errno == EBUSY ? 0 : errno;
  close(fd);
  return error;
}

static bool has_content(const char *device) {
  char magic[4] = "";
  int fd = open(device, O_RDONLY | O_CLOEXEC);
  // Closing it drops what was read, so that the next look sees what is there by then.
  bool is_read = fd >= 0 && pread(fd, magic, sizeof magic, 0) == sizeof magic;
  if (fd >= 0) close(fd);
  return is_read && memcmp(magic, "hsqs", 4) == 0;
}

// The host puts it there after it has told us, and the kernel's module may not be loaded yet.
static int mount_when_there(const char *device, const char *target, int64_t deadline) {
  const struct timespec pause_between = {.tv_nsec = 2 * MILLISECOND_NS};
  for (;;) {
    if (has_content(device)) {
      if (mount(device, target, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0) return 0;
      if (errno != ENODEV) return errno;
    }
    if (now_ns() >= deadline) return ETIMEDOUT;
    nanosleep(&pause_between, NULL);
  }
}

// What is mounted at `target`; false: nothing.
static bool find_mount(const char *target, char *device, size_t size) {
  FILE *mounts = setmntent("/proc/self/mounts", "re");
  const struct mntent *mount;
  bool is_found = false;
  while (mounts && (mount = getmntent(mounts))) {
    if (strcmp(mount->mnt_dir, target) != 0) continue;
    is_found = true;
    snprintf(device, size, "%s", mount->mnt_fsname);
  }
  if (mounts) endmntent(mounts);
  return is_found;
}

static void link_commands(const char *name) {
  char directory[sizeof PACKS + NAME_SIZE + 8];
  snprintf(directory, sizeof directory, PACKS "/%s/bin", name);
  DIR *commands = opendir(directory);
  const struct dirent *entry;
  while (commands && (entry = readdir(commands))) {
    char from[600], to[400];
    if (entry->d_name[0] == '.') continue;
    snprintf(from, sizeof from, "%s/%s", directory, entry->d_name);
    snprintf(to, sizeof to, TOOLS_BIN "/%s", entry->d_name);
    // Of two tools with one command it is the first one's.
    if (symlink(from, to) != 0 && errno != EEXIST) log_line("%s: %s", to, strerror(errno));
  }
  if (commands) closedir(commands);
}

// Links to commands of tools that are gone.
static void remove_dead_links(void) {
  DIR *commands = opendir(TOOLS_BIN);
  const struct dirent *entry;
  while (commands && (entry = readdir(commands))) {
    char path[400];
    snprintf(path, sizeof path, TOOLS_BIN "/%s", entry->d_name);
    if (entry->d_name[0] != '.' && access(path, F_OK) != 0) unlink(path);
  }
  if (commands) closedir(commands);
}

static void remove_others(const struct request *request) {
  DIR *tools = opendir(PACKS);
  const struct dirent *entry;
  while (tools && (entry = readdir(tools))) {
    bool is_wanted = entry->d_name[0] == '.';
    for (uint32_t i = 0; i < request->count; i++) is_wanted |= strcmp(request->tools[i].name, entry->d_name) == 0;
    if (is_wanted) continue;
    char path[400];
    snprintf(path, sizeof path, PACKS "/%s", entry->d_name);
    // Whoever runs one of its programs keeps it as long as that runs.
    if (umount2(path, MNT_DETACH) == 0) rmdir(path);
  }
  if (tools) closedir(tools);
}

static int make_home(void) {
  char device[DEVICE_SIZE];
  if ((mkdir("/opt", 0755) != 0 && errno != EEXIST) || (mkdir(HOME, 0755) != 0 && errno != EEXIST)) return errno;
  if (find_mount(HOME, device, sizeof device)) return 0;
  if (mount("volary", HOME, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0) return errno;
  return mkdir(PACKS, 0755) == 0 && mkdir(TOOLS_BIN, 0755) == 0 ? 0 : errno;
}

static int mount_tool(const char *disk, const struct tool *tool, int64_t deadline) {
  char device[2 * DEVICE_SIZE], present[2 * DEVICE_SIZE], target[sizeof PACKS + NAME_SIZE];
  snprintf(device, sizeof device, "/dev/%s%u", disk, tool->place);
  snprintf(target, sizeof target, PACKS "/%s", tool->name);
  bool is_mounted = find_mount(target, present, sizeof present);
  if (is_mounted && strcmp(device, present) == 0) return 0;
  // Another version: programs of the former one that run go on.
  if (is_mounted) umount2(target, MNT_DETACH);
  int error = add_partition(disk, tool);
  if (!error && mkdir(target, 0755) != 0 && errno != EEXIST) error = errno;
  if (!error) error = mount_when_there(device, target, deadline);
  if (!error) link_commands(tool->name);
  return error;
}

// Shells begin with a PATH of their own: those that log in read this, and what a user's session is given by PAM stands in the other.
static void tell_shells(void) {
  static const char profile[] =
      "# Tools that this machine was given.\n"
      "case \":$PATH:\" in *:" TOOLS_BIN ":*) ;; *) [ -d " TOOLS_BIN " ] && PATH=\"" TOOLS_BIN ":$PATH\" ;; esac\n";
  char text[4096];
  if (access("/etc/profile.d", W_OK) == 0) {
    int length = read_text_file("/etc/profile.d/volary-tools.sh", text, sizeof text);
    int error = length >= 0 && strcmp(text, profile) == 0
                    ? 0
                    : write_text_file("/etc/profile.d/volary-tools.sh", profile);
    if (error) log_line("/etc/profile.d/volary-tools.sh: %s", strerror(error));
  }
  int length = read_text_file("/etc/environment", text, sizeof text - 256);
  // A PATH of the user's own there is left to the user.
  if (length < 0 || strstr(text, "PATH=")) return;
  const char *line_end = length > 0 && text[length - 1] != '\n' ? "\n" : "";
  snprintf(text + length, sizeof text - (size_t)length, "%sPATH=\"%s:%s\"\n", line_end, TOOLS_BIN, DEFAULT_PATH);
  int error = write_text_file("/etc/environment", text);
  if (error) log_line("/etc/environment: %s", strerror(error));
}

// In a child. Its result is why it failed, in words.
static int mount_all(const void *given, struct writer *result) {
  const struct request *request = given;
  char disk[DEVICE_SIZE], words[200];
  int64_t deadline = now_ns() + WAIT_SECONDS * SECOND_NS;
  if (!find_disk(request->serial, disk)) {
    put_string(result, "the machine has no disk for them");
    return 0;
  }
  int error = make_home();
  if (error) {
    snprintf(words, sizeof words, HOME ": %s", strerror(error));
    put_string(result, words);
    return 0;
  }
  remove_others(request);
  for (uint32_t i = 0; i < request->count; i++) {
    error = mount_tool(disk, &request->tools[i], deadline);
    if (!error) continue;
    snprintf(words, sizeof words, "%s: %s", request->tools[i].name, strerror(error));
    put_string(result, words);
    return 0;
  }
  remove_dead_links();
  tell_shells();
  put_string(result, "");
  return 0;
}

static void done(void *owner, int error, const uint8_t *result, size_t length) {
  (void)owner;
  struct reader reader = reader_over(result, length);
  struct text words = error ? (struct text){0} : take_text(&reader);
  job = NULL;
  if (error)
    snprintf(failure, sizeof failure, "%s", strerror(error));
  else
    snprintf(failure, sizeof failure, "%.*s", (int)words.length, words.data ? words.data : "");
  if (*failure) log_line("tools: %s", failure);
  session_hold(false);
}

static bool take_name(struct reader *reader, char name[NAME_SIZE]) {
  struct text text = take_text(reader);
  bool is_good = text.length > 0 && text.length < NAME_SIZE && text.data[0] != '.';
  for (uint32_t i = 0; is_good && i < text.length; i++) is_good = text.data[i] > ' ' && text.data[i] != '/';
  if (is_good) memcpy(name, text.data, text.length);
  name[is_good ? text.length : 0] = 0;
  return is_good;
}

static bool take_tool(struct reader *reader, struct tool *tool) {
  bool has_name = take_name(reader, tool->name);
  tool->place = take_u8(reader);
  tool->offset = take_u64(reader);
  tool->length = take_u64(reader);
  bool is_whole = tool->offset % 512 == 0 && tool->length % 512 == 0 && tool->length > 0;
  return has_name && is_whole && tool->place > 0 && tool->offset <= INT64_MAX - tool->length;
}

static bool take_request(struct reader *reader, struct request *request, bool *reports) {
  uint8_t flags = take_u8(reader);
  bool is_good = take_name(reader, request->serial) && flags <= 1;
  request->count = take_u32(reader);
  *reports = flags == 1;
  if (request->count > TOOLS_MAX) return false;
  for (uint32_t i = 0; i < request->count; i++) is_good = take_tool(reader, &request->tools[i]) && is_good;
  return is_good;
}

void tools_open(uint32_t id, struct reader *reader) {
  static struct request request;
  bool reports;
  bool is_good = take_request(reader, &request, &reports);
  if (request.count <= TOOLS_MAX && refuse_request(id, reader, NULL)) return;
  if (!is_good) {
    send_error(id, EINVAL, "tools");
  } else if (reports) {
    // It has waited, as every OPEN does.
    if (*failure)
      send_error(id, EIO, "tools: %s", failure);
    else
      send_empty_result(id);
  } else {
    job = job_start(mount_all, &request, -1, done, &job);
    if (!job) {
      send_error(id, errno, "tools");
      return;
    }
    *failure = 0;
    session_hold(true);
    send_empty_result(id);
  }
}
