#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command-line.h"
#include "disks.h"
#include "execution.h"
#include "identify.h"
#include "linux-abi.h"
#include "log.h"
#include "loop.h"
#include "modules.h"
#include "network.h"
#include "root.h"
#include "session.h"

static bool has_root;
static struct source ready_pipe = {.fd = -1};
static pid_t boot_child;  // 0: there is none any more
static struct timer ready_timer;

static void mount_at(const char *type, const char *path, unsigned long flags, const char *options) {
  mkdir(path, 0755);
  if (mount(type, path, type, flags, options) != 0 && errno != EBUSY)
    log_line("%s cannot be mounted: %s", path, strerror(errno));
}

static void open_standard_descriptors(void) {
  int fd = open("/dev/console", O_RDWR | O_NOCTTY);
  if (fd < 0) fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd < 2) fd = dup(fd);
  if (fd > 2) close(fd);
}

static void mount_kernel_file_systems(void) {
  mount_at("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
  open_standard_descriptors();
  log_to_kernel();
  mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_at("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void mount_rest(void) {
  mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666");
  mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
  mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755");
  if (mkdir("/run/lock", 0755) != 0 || chmod("/run/lock", 01777) != 0)
    log_line("/run/lock cannot be made: %s", strerror(errno));
  static const char *const links[][2] = {
      {"/proc/self/fd", "/dev/fd"}, {"fd/0", "/dev/stdin"}, {"fd/1", "/dev/stdout"}, {"fd/2", "/dev/stderr"}};
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
    if (symlink(links[i][0], links[i][1]) != 0 && errno != EEXIST)
      log_line("%s cannot be made: %s", links[i][1], strerror(errno));
}

static void set_name(void) {
  char name[HOSTNAME_SIZE];
  if (!command_line_value("volary.hostname", name, sizeof name)) return;
  int error = set_host_name(name);
  if (error) log_line("host name %s: %s", name, strerror(error));
}

static void bring_up_network(void) {
  static const char *const keys[] = {"mac", "ip", "gateway", "dns"};
  struct network network = {0};
  int error = network_bring_up_loopback();
  if (error) log_line("lo: %s", strerror(error));
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    char key[32], value[256], setting[300];
    snprintf(key, sizeof key, "volary.%s", keys[i]);
    if (!command_line_value(key, value, sizeof value) || !*value) continue;
    snprintf(setting, sizeof setting, "%s=%s", keys[i], value);
    error = network_take_setting(&network, setting);
    if (error) log_line("%s: %s", setting, strerror(error));
  }
  error = network_apply(&network);
  if (error) log_line("network: %s", strerror(error));
}

static void raise_limits(void) {
  const struct rlimit files = {.rlim_cur = 1024, .rlim_max = 524288};
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) log_line("limit of open files: %s", strerror(errno));
}

// Some programs (Bun, and what is built with it) reserve far more addresses than a small machine has memory, and die where
// the kernel's guess refuses them that. What they really use is bounded by the memory all the same.
static void allow_reservations(void) {
  int fd = open("/proc/sys/vm/overcommit_memory", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "1", 1) != 1) log_line("large reservations of memory: %s", strerror(errno));
  if (fd >= 0) close(fd);
}

void boot_first(void) {
  mount_kernel_file_systems();
  allow_reservations();
  modules_load_first();
  has_root = root_switch();
  raise_limits();
  reboot(RB_DISABLE_CAD);
}

static void open_streams(void) {
  session_hold(false);
  source_close(&ready_pipe);
  timer_stop(&ready_timer);
}

bool boot_is_finished(void) {
  reap();
  if (boot_child > 0 && kill(boot_child, 0) != 0) boot_child = 0;
  return boot_child == 0;
}

static void on_ready(struct source *source, uint32_t events) {
  (void)source, (void)events;
  open_streams();
}

static void on_late(struct timer *timer) {
  (void)timer;
  log_line("the machine does not get ready: serving nevertheless");
  open_streams();
}

// What the first command may count on.
static void make_ready(void) {
  modules_load_for_network();
  disks_name();
  set_name();
  bring_up_network();
}

// What may come later, while commands run already and go first.
static void finish(void) {
  if (setpriority(PRIO_PROCESS, 0, 19) != 0) log_line("priority: %s", strerror(errno));
  modules_load_rest();
  mount_at("cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  if (has_root) root_grow();
}

void boot_rest(void) {
  int ends[2];
  mount_rest();
  pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
  if (pid == 0) {
    make_ready();
    close(ends[1]);  // this is what the agent waits for
    finish();
    _exit(0);
  }
  if (pid < 0) {
    log_line("no child: %s", strerror(errno));
    make_ready();
    return;
  }
  modules_close();
  close(ends[1]);
  boot_child = pid;
  ready_pipe = (struct source){.fd = ends[0], .ready = on_ready};
  ready_timer = (struct timer){.fire = on_late};
  session_hold(true);
  source_want(&ready_pipe, EPOLLIN);
  timer_set(&ready_timer, now_ns() + 10 * SECOND_NS);
}

static struct timer grow_timer;
static int grow_looks;

// The kernel hears of a disk's new size some moments after the host has changed it.
static void on_grow_timer(struct timer *timer) {
  enum { LOOKS = 5 };
  if (!root_is_smaller_than_disk()) {
    if (++grow_looks < LOOKS) timer_set(timer, now_ns() + (50 * MILLISECOND_NS << grow_looks));
    return;
  }
  if (fork() != 0) return;
  close_all_but(-1, -1);
  if (setpriority(PRIO_PROCESS, 0, 19) != 0) log_line("priority: %s", strerror(errno));
  root_grow();
  _exit(0);
}

void boot_grow_root(void) {
  if (!has_root) return;
  grow_looks = 0;
  grow_timer.fire = on_grow_timer;
  timer_set(&grow_timer, now_ns() + 50 * MILLISECOND_NS);
}
