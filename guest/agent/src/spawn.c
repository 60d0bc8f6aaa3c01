// Starting a command: its pipes or terminal, and the fork. Declared in execution.h.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "execution.h"
#include "linux-abi.h"

// Both ends of everything; -1 where there is none.
struct plumbing {
  int child[3], ours[3];  // standard input, output, error
  int start[2];
};

static void close_all(const struct plumbing *plumbing, bool closes_ours) {
  for (int i = 0; i < 3; i++) {
    bool is_shared = i > 0 && plumbing->child[i] == plumbing->child[0];  // a terminal
    if (plumbing->child[i] >= 0 && !is_shared) close(plumbing->child[i]);
    if (closes_ours && plumbing->ours[i] >= 0) close(plumbing->ours[i]);
  }
  if (plumbing->start[1] >= 0) close(plumbing->start[1]);
  if (closes_ours && plumbing->start[0] >= 0) close(plumbing->start[0]);
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
  *plumbing = (struct plumbing){{-1, -1, -1}, {-1, -1, -1}, {-1, -1}};
  bool is_open = request->flags & EXEC_TTY ? open_terminal(plumbing, request->rows, request->columns)
                                           : open_pipes(plumbing, request->flags & EXEC_STDIN);
  return is_open && open_pipe(&plumbing->start[0], &plumbing->start[1]);
}

static void on_started(struct source *source, uint32_t events) {
  (void)events;
  execution_check_start(source->owner);
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
  if (plumbing->ours[0] >= 0) sink_open(&execution->stdin_sink, plumbing->ours[0], execution, on_stdin_changed, on_stdin_finished);
  execution->start_pipe = (struct source){.fd = plumbing->start[0], .ready = on_started, .owner = execution};
  fcntl(plumbing->start[0], F_SETFL, O_NONBLOCK);
  source_want(&execution->start_pipe, EPOLLIN);
}

int execution_spawn(struct execution *execution, const struct exec_request *request) {
  struct plumbing plumbing;
  pid_t pid = open_plumbing(&plumbing, request) ? fork() : -1;
  if (pid == 0) become_command(request, plumbing.child, plumbing.start[1]);
  int error = pid < 0 ? errno : 0;
  close_all(&plumbing, pid < 0);
  if (error) return error;
  execution->pid = pid;
  execution->is_tty = request->flags & EXEC_TTY;
  execution->has_stdin = request->flags & EXEC_STDIN;
  execution->started_at_ns = now_ns();
  execution->started_at_wall_ns = wall_clock_ns();
  keep_ours(execution, &plumbing);
  execution_set_timeout(execution, request->timeout_ms);
  return 0;
}

void execution_check_start(struct execution *execution) {
  uint8_t report[2 + sizeof execution->start_step] = {0};
  ssize_t length = read(execution->start_pipe.fd, report, sizeof report - 1);
  if (length < 0) return;
  execution->state = length > 0 ? NOT_STARTED : RUNNING;
  execution->start_error = load_u16(report);
  memcpy(execution->start_step, report + 2, sizeof execution->start_step);
  source_close(&execution->start_pipe);
  execution_wake(execution);
}
