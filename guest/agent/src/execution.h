// One command and what is kept of it: it lives on whatever happens to streams and sessions.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop.h"
#include "queue.h"
#include "sink.h"
#include "stream.h"

enum {
  EXECUTION_ID_SIZE = 16,
  EXECUTIONS_MAX = 128,
  OUTPUT_MAX = 1 << 20,
  OUTPUT_MAX_WORKLOAD = QUEUE_MAX,  // some seconds of a busy one, while no host is there
  OUTPUT_MAX_WHEN_SHORT = 65536,    // of memory
  STDIN_MAX = 256 * 1024,
};

enum exec_flag { EXEC_TTY = 1, EXEC_STDIN = 2, EXEC_ATTACH = 4, EXEC_SUPERVISED = 8 };
enum restart { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

// One output channel: from the command's pipe into the queue, from there to the host.
struct output {
  struct source source;  // fd -1: at its end
  struct queue queue;
  struct sending sending;
  struct timer gathering;  // armed: the pipe is left alone until it fires
  uint64_t take_left;  // how much more is read after the command has ended; UINT64_MAX: all there is
  struct execution *execution;
};

struct supervision;  // supervise.h

struct execution {
  uint8_t id[EXECUTION_ID_SIZE];
  pid_t pid;  // also its process group and session
  bool is_tty, has_stdin;
  enum { RUNNING, WAITING, ENDED } state;  // waiting: for the next run, of one that is supervised

  struct output outputs[2];
  struct sink stdin_sink;
  struct receiving stdin_receiving;

  int64_t started_at_ns, started_at_wall_ns, ended_at_ns;
  int exit_code, exit_signal;                // -1 and the signal, or the code and 0
  bool is_timed_out, was_killed, is_zombie;  // zombie: not reaped yet, to keep the group's number ours
  struct timer timer;                        // the time-out, then the grace before SIGKILL
  struct timer linger;                       // for background children that hold the pipes after the end

  struct stream *stream;  // NULL: nobody is attached
  bool is_orphan;         // nobody will ever be: its output is thrown away
  struct supervision *supervision;  // NULL: it runs once
};

// When what is supervised is run again. A run that was steady makes the delay the first one again.
struct restart_policy {
  uint8_t restart;
  uint32_t delay_ms, longest_delay_ms, steady_ms;
};

// What an EXEC request says, checked and terminated. `argv` and `env` end with NULL.
struct exec_request {
  const uint8_t *id;
  uint8_t flags;
  uint32_t timeout_ms;
  char *user, *cwd;
  char **argv, **env;
  uint16_t rows, columns;
  uint64_t acknowledged[2];
  struct restart_policy policy;  // only where it is to be supervised
};

// The table (execution.c).
struct execution *execution_find(const uint8_t *id);
struct execution *execution_find_by_pid(pid_t pid);
bool execution_is_remembered(const uint8_t *id);
// Records a new one before anything is started. NULL when there are too many.
struct execution *execution_create(const uint8_t *id);
// Frees all it holds; remembers the id if asked.
void execution_forget(struct execution *execution, bool remembers);
void execution_each(void (*visit)(struct execution *execution));
// The machine has become another one: whoever started this has no say here. It runs on, for itself. Does nothing while a
// stream is attached.
void execution_orphan(struct execution *execution);
void execution_signal(const struct execution *execution, int number);

// Something has changed that the attached stream, if any, may want to send.
void execution_wake(const struct execution *execution);

// Starting (spawn.c): returns 0 once the program runs, or the errno of what failed, and which step that was.
int execution_spawn(struct execution *execution, const struct exec_request *request, const char **failed_step);

// What the child needs to become the command, made before it is born: it shares our memory until it is one.
struct launch {
  const struct exec_request *request;
  const struct account *account;
  int fds[3];  // standard input to error
  int error;
  const char *failed_step;
};
// In the child (child.c). Returns only by exec; else leaves `error` and `failed_step` and exits.
_Noreturn void become_command(struct launch *launch);

// Output (output.c).
void output_open(struct output *output, int fd, struct execution *execution);
// Reads on or pauses, as there is room.
void output_regulate(struct output *output);
// Frees what the host has acknowledged.
void output_acknowledge(struct output *output, uint64_t offset);
// The command has ended: what its pipe holds is read at once from now on.
void output_gather_no_more(struct output *output);
// The next run begins: takes what the pipe of the one before holds, as far as there is room, and lets go of it.
void output_cut(struct output *output);
// The command has ended a while ago: takes what its pipe holds now and no more.
void output_take_rest(struct output *output);
void output_close(struct output *output);
bool output_is_at_end(const struct output *output);
// Adds a line of our own, as if the command had written it.
void output_say(struct output *output, const char *text, size_t length);
// What is kept is thrown away, and what comes counts from 0 on.
void output_restart(struct output *output);

// The end (reaper.c): children are waited for, executions told.
void reap(void);
// Ends the group of an execution whose zombie was held back, and reaps it. Does nothing for others.
void reap_held(struct execution *execution);
void execution_set_timeout(struct execution *execution, uint32_t timeout_ms);
// The process has ended and so have both outputs.
bool execution_is_over(const struct execution *execution);
