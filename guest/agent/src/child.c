// The child's side of starting a command, from vfork to exec: only system calls, for the memory is the agent's.
// Declared in execution.h.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "execution.h"
#include "linux-abi.h"
#include "session.h"

static _Noreturn void fail(struct launch *launch, const char *step) {
  launch->error = errno;
  launch->failed_step = step;
  _exit(127);
}

static void take_terminal(int terminal, const struct account *account) {
  enum { TTY_GROUP = 5 };
  ioctl(terminal, TIOCSCTTY, 0);
  if (geteuid() != 0) return;
  // So that the command may open its terminal by name. Not fatal: most never do.
  if (fchown(terminal, account->uid, TTY_GROUP) == 0) fchmod(terminal, 0620);
}

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// The agent protects itself from the out-of-memory killer; commands are not to inherit that.
static void reset_oom_score(void) {
  if (!session_owns_machine()) return;
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  // Where this is not allowed, the agent was not allowed to protect itself either.
  if (write(fd, "0", 1) < 0) errno = 0;
  close(fd);
}

// By the bare system calls: the library's would tell threads about it, of which the agent has none.
static bool become_user(const struct account *account) {
  bool has_groups = syscall(SYS_setgroups, (size_t)account->group_count, account->groups) == 0;
  // Whoever we are already we may be, also where groups cannot be set (an agent without root, some containers).
  if (geteuid() == account->uid) return true;
  return has_groups && syscall(SYS_setgid, account->gid) == 0 && syscall(SYS_setuid, account->uid) == 0;
}

static bool enter_directory(const char *cwd, const struct account *account) {
  if (*cwd) return chdir(cwd) == 0;
  // Accounts such as nobody have a home that does not exist.
  return chdir(account->home) == 0 || chdir("/") == 0;
}

void become_command(struct launch *launch) {
  const struct exec_request *request = launch->request;
  setsid();
  reset_signals();
  if (request->flags & EXEC_TTY) take_terminal(launch->fds[0], launch->account);
  for (int i = 0; i < 3; i++)
    if (dup2(launch->fds[i], i) < 0) fail(launch, "descriptors");
  syscall(SYS_close_range, 3u, ~0u, ABI_CLOSE_RANGE_CLOEXEC);
  reset_oom_score();
  if (!become_user(launch->account)) fail(launch, "user");
  if (!enter_directory(request->cwd, launch->account)) fail(launch, "directory");
  execvp(request->argv[0], request->argv);
  fail(launch, "program");
}
