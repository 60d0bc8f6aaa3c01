// An execution that is supervised: it is run again by its policy, also while no host is there, and the newest of its
// output is kept. There is one at most, the machine's workload.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "execution.h"

struct supervision {
  struct exec_request request;  // what each run is started by
  struct timer next;            // when the next run begins
  struct timer grace;           // before SIGKILL, where it was asked to end
  int64_t next_at_ns;
  uint32_t runs, in_a_row;  // restarts in a row, since a run was steady
  int64_t last_exit_at_wall_ns;
  int last_exit_code, last_exit_signal;
  uint64_t run_starts[2];  // of the present run, in each output
  enum { BY_POLICY, TO_END, TO_RUN_AGAIN } wanted;
  bool has_news;
};

// Takes the request over. False when there is no memory.
bool supervise_begin(struct execution *execution, struct exec_request *request);
void supervise_free(struct execution *execution);
// Its first run has been started.
void supervise_started(struct execution *execution);
// A run has ended: another one will begin, or it is over. Sets the state.
void supervise_run_ended(struct execution *execution);
// The host wants it to end, or to be run anew. False: that is nothing that can be wanted.
bool supervise_control(struct execution *execution, uint8_t what, uint32_t grace_ms);
// The machine is going down: nothing is started again.
void supervise_stop(void);
// The one that there is and has not ended; NULL if there is none.
struct execution *supervise_find(void);
// It is somebody else's from now on: by another id, with nothing of its output so far.
void supervise_adopt(struct execution *execution, const uint8_t *id);
// EVENT: how it is.
void supervise_send_event(const struct execution *execution, uint32_t stream);
