// What tests of supervised executions share: one agent, one execution, and what has been heard of it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "client.h"

enum { SUPERVISED = 8, ATTACH = 4, NEVER = 0, ON_FAILURE = 1, ALWAYS = 2 };
enum { RUNNING = 1, WAITING = 2, ENDED = 3, END = 1, RUN_AGAIN = 2 };

struct state {
  uint8_t state;
  uint32_t runs, pid;
  int32_t exit_code;
  uint32_t signal;
  uint64_t exited_at, next_in, starts[2];
};

// What a stream has brought so far.
struct heard {
  uint32_t id;
  uint64_t from[2], to[2];
  char text[2][16 << 20];
  struct state state;
  bool has_exited;
  int32_t exit_code;
};

extern struct client client;
extern struct message message;
extern struct heard heard;

// Starts an agent, and a session with it.
void start_agent(void);
// Sends an EXEC and takes its answer; true: it was there.
uint8_t ask(uint32_t stream, const struct command *command);
// Has a script supervised. As `ask`.
uint8_t supervise(uint32_t stream, uint8_t id, uint8_t restart, uint32_t delay_ms, const char *script);
// Goes on with one that is supervised, from where each of its streams has been taken.
uint8_t attach(uint32_t stream, uint8_t id, uint64_t out, uint64_t err);
// Takes one frame, and grants more of its stream.
void hear(void);
void await_runs(uint8_t state, uint32_t runs);
void await_text(unsigned which, const char *text);
void await_exit(void);
void control(uint8_t what, uint32_t grace_ms);
// Waits until a script has made this file.
void await_file(const char *directory, const char *name);
