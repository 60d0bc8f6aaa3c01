// IDENTIFY: a machine that was restored from a snapshot becomes one of its own.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "boot.h"
#include "execution.h"
#include "identify.h"
#include "kinds.h"
#include "linux-abi.h"
#include "loop.h"
#include "session.h"
#include "stream.h"
#include "text-file.h"

static int feed_entropy(const uint8_t *entropy) {
  struct {
    int bits, size;
    uint8_t bytes[ENTROPY_SIZE];
  } pool = {.bits = ENTROPY_SIZE * 8, .size = ENTROPY_SIZE};
  memcpy(pool.bytes, entropy, ENTROPY_SIZE);
  int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  bool is_fed = ioctl(fd, ABI_RNDADDENTROPY, &pool) == 0 && ioctl(fd, ABI_RNDRESEEDCRNG) == 0;
  int error = is_fed ? 0 : errno;
  explicit_bzero(&pool, sizeof pool);
  close(fd);
  return error;
}

static int set_clock(uint64_t ns) {
  struct timespec time = {.tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS)};
  if (ns == 0) return 0;
  return clock_settime(CLOCK_REALTIME, &time) == 0 ? 0 : errno;
}

static bool is_host_name(const char *name) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
  size_t length = strlen(name);
  return length > 0 && length < HOSTNAME_SIZE && strspn(name, allowed) == length && *name != '-' && *name != '.';
}

// /etc/hosts with one line for this name, as Debian has it, and the rest as it was.
static int name_in_hosts(const char *name) {
  static const char ours[] = "127.0.1.1";
  char old[16384], text[sizeof old + HOSTNAME_SIZE + 16];
  if (read_text_file("/etc/hosts", old, sizeof old) < 0) strcpy(old, "127.0.0.1\tlocalhost\n");
  size_t length = 0;
  for (const char *line = old; *line;) {
    size_t line_length = strcspn(line, "\n") + 1;
    if (line[line_length - 1] == 0) line_length--;
    if (strncmp(line, ours, strlen(ours)) != 0) {
      memcpy(text + length, line, line_length);
      length += line_length;
    }
    line += line_length;
  }
  snprintf(text + length, sizeof text - length, "%s%s\t%s\n", length > 0 && text[length - 1] != '\n' ? "\n" : "", ours,
           name);
  return write_text_file("/etc/hosts", text);
}

int set_host_name(const char *name) {
  char line[HOSTNAME_SIZE + 1];
  if (!is_host_name(name)) return EINVAL;
  if (sethostname(name, strlen(name)) != 0) return errno;
  snprintf(line, sizeof line, "%s\n", name);
  int error = write_text_file("/etc/hostname", line);
  return error ? error : name_in_hosts(name);
}

// Of another machine than before, the commands are nobody's: who started them speaks to that one. They must not wait for
// ever with output that nobody fetches.
static int set_machine_id(const uint8_t *id) {
  char line[2 * MACHINE_ID_SIZE + 2], before[sizeof line];
  for (int i = 0; i < MACHINE_ID_SIZE; i++) snprintf(line + 2 * i, 3, "%02x", id[i]);
  strcat(line, "\n");
  if (read_text_file("/etc/machine-id", before, sizeof before) > 0 && strcmp(before, line) == 0) return 0;
  execution_each(execution_orphan);
  return write_text_file("/etc/machine-id", line);
}

// They are made anew when they are first needed: making them now would cost more than the restore.
static int remove_ssh_host_keys(void) {
  int error = 0;
  DIR *directory = opendir("/etc/ssh");
  if (!directory) return errno == ENOENT ? 0 : errno;
  const struct dirent *entry;
  while (!error && (entry = readdir(directory)))
    if (strncmp(entry->d_name, "ssh_host_", 9) == 0 && unlinkat(dirfd(directory), entry->d_name, 0) != 0) error = errno;
  closedir(directory);
  return error;
}

const char *identify(const struct identity *identity, int *error) {
  if ((*error = feed_entropy(identity->entropy))) return "entropy";
  if ((*error = set_clock(identity->wall_clock_ns))) return "clock";
  if ((*error = set_host_name(identity->hostname))) return "host name";
  if ((*error = set_machine_id(identity->machine_id))) return "machine id";
  if ((*error = remove_ssh_host_keys())) return "ssh host keys";
  if ((*error = network_apply(&identity->network))) return "network";
  return NULL;
}

static int take_network(struct reader settings, uint32_t count, struct network *network) {
  for (uint32_t i = 0; i < count; i++) {
    char setting[300];
    struct text text = take_text(&settings);
    if (text.length >= sizeof setting || memchr(text.data, 0, text.length)) return EINVAL;
    memcpy(setting, text.data, text.length);
    setting[text.length] = 0;
    int error = network_take_setting(network, setting);
    if (error) return error;
  }
  return 0;
}

static int take_identity(struct reader *request, struct identity *identity) {
  uint32_t setting_count;
  *identity = (struct identity){0};
  struct text hostname = take_text(request);
  identity->machine_id = take_bytes(request, MACHINE_ID_SIZE);
  identity->wall_clock_ns = take_u64(request);
  struct reader settings = take_list(request, &setting_count);
  identity->entropy = take_bytes(request, ENTROPY_SIZE);
  if (!reader_is_finished(request)) return EBADMSG;
  if (hostname.length >= HOSTNAME_SIZE || memchr(hostname.data, 0, hostname.length)) return EINVAL;
  memcpy(identity->hostname, hostname.data, hostname.length);
  return is_host_name(identity->hostname) ? take_network(settings, setting_count, &identity->network) : EINVAL;
}

void identify_open(uint32_t id, struct reader *request) {
  struct identity identity;
  int error = take_identity(request, &identity);
  const char *failed = error ? "request" : identify(&identity, &error);
  if (failed) {
    send_error(id, error, "identify: %s", failed);
    return;
  }
  struct writer result = frame_begin(8);
  put_u64(&result, (uint64_t)wall_clock_ns());
  send_result(&result, id);
  if (getpid() == 1) boot_grow_root();
}
