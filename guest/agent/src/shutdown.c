// SHUTDOWN: as PID 1 we end everything ourselves, and by that the machine or the container; as a service we ask the system's init.
#include <errno.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "freeze.h"
#include "kinds.h"
#include "linux-abi.h"
#include "log.h"
#include "loop.h"
#include "path.h"
#include "session.h"
#include "stream.h"
#include "supervise.h"

enum { POWER_OFF = 1, REBOOT = 2, MOUNTS_MAX = 128 };
// What a container ends with that is to be started again, and how long its programs get when somebody outside ends it.
// The answer to whoever asked goes out through another process of the container, which is to have the time for it.
enum { EXIT_REBOOT = 100, SIGNAL_GRACE_SECONDS = 5, ANSWER_MILLISECONDS = 250 };

static uint8_t how;  // 0: nobody has asked
static int64_t deadline_ns, earliest_ns;
static struct timer timer;

static void unmount_all(void) {
  static char points[MOUNTS_MAX][256];
  int count = 0;
  FILE *mounts = setmntent("/proc/self/mounts", "re");
  const struct mntent *mount_entry;
  while (mounts && count < MOUNTS_MAX && (mount_entry = getmntent(mounts))) {
    if (strncmp(mount_entry->mnt_fsname, "/dev/", 5) != 0 || strcmp(mount_entry->mnt_dir, "/") == 0) continue;
    snprintf(points[count++], sizeof points[0], "%s", mount_entry->mnt_dir);
  }
  if (mounts) endmntent(mounts);
  while (count > 0) umount2(points[--count], MNT_DETACH);
}

// Nothing is left that writes to a disk, unless it hangs in the kernel.
static void wait_for_killed(void) {
  enum { TRIES = 200 };
  const struct timespec pause_between = {.tv_nsec = 5 * MILLISECOND_NS};
  for (int i = 0; i < TRIES; i++) {
    pid_t pid;
    do pid = waitpid(-1, NULL, WNOHANG);
    while (pid > 0);
    if (pid < 0) return;
    nanosleep(&pause_between, NULL);
  }
}

static _Noreturn void end_machine(void) {
  kill(-1, SIGKILL);
  wait_for_killed();
  sync();
  if (!session_owns_machine()) _exit(how == REBOOT ? EXIT_REBOOT : 0);
  unmount_all();
  if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0) log_line("the root stays writable");
  sync();
  reboot(how == REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
  log_line("the kernel refuses to end");
  for (;;) pause();
}

// Every process descends from PID 1 (but the kernel's own threads), so when it has no child it is alone.
static void check(struct timer *fired) {
  siginfo_t info;
  bool is_alone = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
  if ((is_alone || now_ns() >= deadline_ns) && now_ns() >= earliest_ns) end_machine();
  int64_t next = now_ns() + 10 * MILLISECOND_NS;
  timer_set(fired, next < deadline_ns || now_ns() >= deadline_ns ? next : deadline_ns);
}

static void begin(struct timer *fired) {
  if (!session_owns_machine()) earliest_ns = now_ns() + ANSWER_MILLISECONDS * MILLISECOND_NS;
  supervise_stop();
  kill(-1, SIGTERM);
  kill(-1, SIGCONT);
  fired->fire = check;
  check(fired);
}

void shut_down_container(void) {
  if (how) return;
  how = POWER_OFF;
  timer.fire = begin;
  deadline_ns = now_ns() + SIGNAL_GRACE_SECONDS * SECOND_NS;
  timer_set(&timer, now_ns());
}

static int ask_init(uint8_t asked) {
  const char *verb = asked == REBOOT ? "reboot" : "poweroff";
  char direct[32];
  bool has_systemd = access("/run/systemd/system", F_OK) == 0;
  snprintf(direct, sizeof direct, "/sbin/%s", verb);
  if (!has_systemd && access(direct, X_OK) != 0) return ENOSYS;
  pid_t pid = fork();
  if (pid < 0) return errno;
  if (pid > 0) return 0;
  close_all_but(-1, -1);
  if (has_systemd) execlp("systemctl", "systemctl", verb, (char *)NULL);
  execl(direct, verb, (char *)NULL);
  _exit(127);
}

void shutdown_open(uint32_t id, struct reader *request) {
  uint8_t asked = take_u8(request);
  uint32_t grace_ms = take_u32(request);
  if (refuse_request(id, request, NULL)) return;
  int error = asked != POWER_OFF && asked != REBOOT ? EINVAL : how ? EALREADY : getpid() == 1 ? 0 : ask_init(asked);
  if (error) {
    send_error(id, error, "shutdown");
    return;
  }
  send_empty_result(id);
  if (getpid() != 1) return;
  how = asked;
  thaw_all();
  // Later, so that the answer is written first.
  timer.fire = begin;
  deadline_ns = now_ns() + grace_ms * MILLISECOND_NS;
  timer_set(&timer, now_ns());
}
