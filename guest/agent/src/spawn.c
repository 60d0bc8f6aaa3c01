// Starting a command: its pipes or terminal, and its birth. Declared in execution.h.
//
// By vfork: the child runs in our memory, and we wait, until it has become the command or failed to. That costs less
// than half of a fork (nothing is copied, no page faults afterwards), and the answer is known at once.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "account.h"
#include "environment.h"
#include "execution.h"
#include "linux-abi.h"

extern char **environ;

// Both ends of everything; -1 where there is none.
struct plumbing {
  int child[3], ours[3];  // standard input, output, error
};

static void close_all(const struct plumbing *plumbing, bool closes_ours) {
  for (int i = 0; i < 3; i++) {
    bool is_shared = i > 0 && plumbing->child[i] == plumbing->child[0];  // a terminal
    if (plumbing->child[i] >= 0 && !is_shared) close(plumbing->child[i]);
    if (closes_ours && plumbing->ours[i] >= 0) close(plumbing->ours[i]);
  }
}

static bool open_pipe(int *read_end, int *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  *read_end = ends[0];
  *write_end = ends[1];
  return true;
}

static bool open_terminal(struct plumbing *plumbing, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows ? rows : 24, .ws_col = columns ? columns : 80};
  int unlocked = 0;
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) return false;
  plumbing->ours[1] = master;
  if (ioctl(master, TIOCSPTLCK, &unlocked) != 0 || ioctl(master, TIOCSWINSZ, &size) != 0) return false;
  // Input is written through a descriptor of its own, so that it can be watched apart from output.
  plumbing->ours[0] = fcntl(master, F_DUPFD_CLOEXEC, 3);
  int terminal = ioctl(master, ABI_TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  for (int i = 0; i < 3; i++) plumbing->child[i] = terminal;
  return terminal >= 0 && plumbing->ours[0] >= 0;
}

static bool open_pipes(struct plumbing *plumbing, bool has_stdin) {
  if (!open_pipe(&plumbing->ours[1], &plumbing->child[1])) return false;
  if (!open_pipe(&plumbing->ours[2], &plumbing->child[2])) return false;
  if (has_stdin) return open_pipe(&plumbing->child[0], &plumbing->ours[0]);
  plumbing->child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return plumbing->child[0] >= 0;
}

static bool open_plumbing(struct plumbing *plumbing, const struct exec_request *request) {
  *plumbing = (struct plumbing){{-1, -1, -1}, {-1, -1, -1}};
  if (request->flags & EXEC_TTY) return open_terminal(plumbing, request->rows, request->columns);
  return open_pipes(plumbing, request->flags & EXEC_STDIN);
}

static void on_stdin_changed(struct sink *sink) { execution_wake(sink->owner); }

static void on_stdin_finished(struct sink *sink) {
  const struct execution *execution = sink->owner;
  struct termios settings;
  if (!execution->is_tty) {
    sink_close(sink);
    return;
  }
  // A terminal has no end; its reader is told by the character that means it.
  if (tcgetattr(sink->source.fd, &settings) == 0) sink_push(sink, &settings.c_cc[VEOF], 1);
}

static void keep_ours(struct execution *execution, const struct plumbing *plumbing) {
  for (int i = 0; i < 2; i++)
    if (plumbing->ours[i + 1] >= 0) output_open(&execution->outputs[i], plumbing->ours[i + 1], execution);
  if (plumbing->ours[0] >= 0)
    sink_open(&execution->stdin_sink, plumbing->ours[0], execution, on_stdin_changed, on_stdin_finished);
}

static pid_t give_birth(struct launch *launch, char **environment) {
  char **kept = environ;
  environ = environment;  // execvp looks for PATH here
  pid_t pid = vfork();
  if (pid == 0) become_command(launch);
  if (pid < 0) launch->error = errno;
  environ = kept;
  if (pid > 0 && launch->error) waitpid(pid, NULL, 0);
  return launch->error ? -1 : pid;
}

int execution_spawn(struct execution *execution, const struct exec_request *request, const char **failed_step) {
  struct account account;
  struct plumbing plumbing;
  struct launch launch = {.request = request, .account = &account, .failed_step = "descriptors"};
  if (!find_account(request->user, &account)) {
    *failed_step = "user";
    return ENOENT;
  }
  char **environment = environment_make(request, &account);
  execution->started_at_ns = now_ns();
  execution->started_at_wall_ns = wall_clock_ns();
  if (!open_plumbing(&plumbing, request) || !environment) launch.error = errno;
  memcpy(launch.fds, plumbing.child, sizeof launch.fds);
  if (!launch.error) execution->pid = give_birth(&launch, environment);
  environment_free(environment);
  close_all(&plumbing, launch.error);
  *failed_step = launch.failed_step;
  if (launch.error) return launch.error;
  execution->is_tty = request->flags & EXEC_TTY;
  execution->has_stdin = request->flags & EXEC_STDIN;
  keep_ours(execution, &plumbing);
  execution_set_timeout(execution, request->timeout_ms);
  return 0;
}
