// The child's side of starting a command, from fork to exec. Declared in execution.h.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "execution.h"
#include "linux-abi.h"
#include "session.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

// At most 17 bytes: the errno, and which step failed with it.
static _Noreturn void fail(int start_pipe, int error, const char *step) {
  uint8_t report[17];
  struct writer writer = writer_over(report, sizeof report);
  put_u16(&writer, (uint16_t)error);
  put_bytes(&writer, step, strlen(step));
  // If even that fails the host hears of a command that ended at once with 127.
  if (write(start_pipe, report, writer_length(&writer)) < 0) _exit(127);
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

static bool become_user(const struct account *account) {
  bool has_groups = setgroups((size_t)account->group_count, account->groups) == 0;
  // Whoever we are already we may be, also where groups cannot be set (an agent without root, some containers).
  if (geteuid() == account->uid) return true;
  return has_groups && setgid(account->gid) == 0 && setuid(account->uid) == 0;
}

static bool has_variable(char *const *env, const char *name, size_t length) {
  for (; *env; env++)
    if (strncmp(*env, name, length) == 0 && (*env)[length] == '=') return true;
  return false;
}

static char *variable(const char *name, const char *value) {
  size_t size = strlen(name) + strlen(value) + 2;
  char *text = malloc(size);
  if (text) snprintf(text, size, "%s=%s", name, value);
  return text;
}

// What was asked for, after the defaults that it does not name.
static char **make_environment(const struct exec_request *request, const struct account *account) {
  const char *const defaults[][2] = {
      {"PATH", DEFAULT_PATH},      {"HOME", account->home},   {"USER", account->name},
      {"LOGNAME", account->name}, {"SHELL", account->shell}, {"TERM", "xterm-256color"},
  };
  size_t default_count = sizeof defaults / sizeof defaults[0] - (request->flags & EXEC_TTY ? 0 : 1);
  size_t asked = 0, count = 0;
  while (request->env[asked]) asked++;
  char **env = malloc((default_count + asked + 1) * sizeof *env);
  for (size_t i = 0; env && i < default_count; i++) {
    if (has_variable(request->env, defaults[i][0], strlen(defaults[i][0]))) continue;
    if (!(env[count++] = variable(defaults[i][0], defaults[i][1]))) return NULL;
  }
  if (env) memcpy(env + count, request->env, (asked + 1) * sizeof *env);
  return env;
}

static bool enter_directory(const char *cwd, const struct account *account) {
  if (*cwd) return chdir(cwd) == 0;
  // Accounts such as nobody have a home that does not exist.
  return chdir(account->home) == 0 || chdir("/") == 0;
}

_Noreturn void become_command(const struct exec_request *request, const int fds[3], int start_pipe) {
  struct account account;
  setsid();
  reset_signals();
  if (!find_account(request->user, &account)) fail(start_pipe, ENOENT, "user");
  if (request->flags & EXEC_TTY) take_terminal(fds[0], &account);
  for (int i = 0; i < 3; i++)
    if (dup2(fds[i], i) < 0) fail(start_pipe, errno, "descriptors");
  syscall(SYS_close_range, 3u, ~0u, ABI_CLOSE_RANGE_CLOEXEC);
  reset_oom_score();
  if (!become_user(&account)) fail(start_pipe, errno, "user");
  if (!enter_directory(request->cwd, &account)) fail(start_pipe, errno, "directory");
  environ = make_environment(request, &account);
  if (!environ) fail(start_pipe, ENOMEM, "environment");
  execvp(request->argv[0], request->argv);
  fail(start_pipe, errno, "program");
}
