#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec-request.h"
#include "frame.h"
#include "session.h"

enum { CONTROL_END = 1, CONTROL_RUN_AGAIN = 2 };
enum { EVENT_RUNNING = 1, EVENT_WAITING = 2, EVENT_ENDED = 3 };
enum { DOUBLINGS_MAX = 20 };

static struct execution *present;
static bool is_stopping;

static void tell(struct execution *execution) {
  execution->supervision->has_news = true;
  execution_wake(execution);
}

static void note_run(struct execution *execution) {
  struct supervision *supervision = execution->supervision;
  supervision->runs++;
  supervision->wanted = BY_POLICY;
  execution->state = RUNNING;
  for (int i = 0; i < 2; i++) supervision->run_starts[i] = execution->outputs[i].queue.end;
  tell(execution);
}

// As a shell has it, and for whoever reads the output.
static void note_refused(struct execution *execution, int error, const char *step) {
  char line[256];
  int length = snprintf(line, sizeof line, "%s: %s: %s\n", execution->supervision->request.argv[0], step,
                        strerror(error));
  if (length >= (int)sizeof line) length = sizeof line - 1;
  output_say(&execution->outputs[1], line, (size_t)length);
  execution->exit_code = error == ENOENT ? 127 : 126;
  execution->exit_signal = 0;
  execution->ended_at_ns = now_ns();
  supervise_run_ended(execution);
}

static void on_next(struct timer *timer) {
  struct execution *execution = timer->owner;
  const char *step;
  // Whoever escaped from the group of the run before may hold its pipes for ever.
  for (int i = 0; i < 2; i++) output_cut(&execution->outputs[i]);
  timer_stop(&execution->linger);
  note_run(execution);
  int error = execution_spawn(execution, &execution->supervision->request, &step);
  if (error) note_refused(execution, error, step);
}

static void on_grace_over(struct timer *timer) { execution_signal(timer->owner, SIGKILL); }

bool supervise_begin(struct execution *execution, struct exec_request *request) {
  struct supervision *supervision = calloc(1, sizeof *supervision);
  if (!supervision) return false;
  supervision->request = *request;
  *request = (struct exec_request){0};
  supervision->next = (struct timer){.fire = on_next, .owner = execution};
  supervision->grace = (struct timer){.fire = on_grace_over, .owner = execution};
  execution->supervision = supervision;
  present = execution;
  return true;
}

void supervise_free(struct execution *execution) {
  struct supervision *supervision = execution->supervision;
  if (!supervision) return;
  timer_stop(&supervision->next);
  timer_stop(&supervision->grace);
  exec_request_free(&supervision->request);
  free(supervision);
  if (present == execution) present = NULL;
}

void supervise_started(struct execution *execution) { note_run(execution); }

static bool goes_on(const struct execution *execution) {
  const struct supervision *supervision = execution->supervision;
  uint8_t restart = supervision->request.policy.restart;
  if (is_stopping || supervision->wanted == TO_END) return false;
  if (supervision->wanted == TO_RUN_AGAIN) return true;
  return restart == RESTART_ALWAYS || (restart == RESTART_ON_FAILURE && execution->exit_code != 0);
}

static int64_t delay_ns(struct execution *execution) {
  struct supervision *supervision = execution->supervision;
  const struct restart_policy *policy = &supervision->request.policy;
  int64_t lasted_ns = execution->ended_at_ns - execution->started_at_ns;
  if (lasted_ns >= policy->steady_ms * MILLISECOND_NS) supervision->in_a_row = 0;
  if (supervision->wanted == TO_RUN_AGAIN) {
    supervision->in_a_row = 0;
    return 0;
  }
  uint64_t delay_ms = (uint64_t)policy->delay_ms << supervision->in_a_row;
  if (supervision->in_a_row < DOUBLINGS_MAX) supervision->in_a_row++;
  return (int64_t)(delay_ms < policy->longest_delay_ms ? delay_ms : policy->longest_delay_ms) * MILLISECOND_NS;
}

void supervise_run_ended(struct execution *execution) {
  struct supervision *supervision = execution->supervision;
  timer_stop(&supervision->grace);
  supervision->last_exit_code = execution->exit_code;
  supervision->last_exit_signal = execution->exit_signal;
  supervision->last_exit_at_wall_ns = wall_clock_ns();
  execution->state = ENDED;
  if (goes_on(execution)) {
    execution->state = WAITING;
    supervision->next_at_ns = now_ns() + delay_ns(execution);
    timer_set(&supervision->next, supervision->next_at_ns);
  }
  tell(execution);
}

bool supervise_control(struct execution *execution, uint8_t what, uint32_t grace_ms) {
  struct supervision *supervision = execution->supervision;
  if (!supervision || (what != CONTROL_END && what != CONTROL_RUN_AGAIN)) return false;
  if (execution->state == ENDED) return true;
  supervision->wanted = what == CONTROL_END ? TO_END : TO_RUN_AGAIN;
  if (execution->state == RUNNING) {
    execution_signal(execution, grace_ms > 0 ? SIGTERM : SIGKILL);
    if (grace_ms > 0) timer_set(&supervision->grace, now_ns() + grace_ms * MILLISECOND_NS);
    return true;
  }
  timer_stop(&supervision->next);
  if (what == CONTROL_RUN_AGAIN) {
    supervision->in_a_row = 0;
    supervision->next_at_ns = now_ns();
    timer_set(&supervision->next, supervision->next_at_ns);
  } else {
    execution->state = ENDED;
  }
  tell(execution);
  return true;
}

void supervise_stop(void) {
  is_stopping = true;
  if (present && present->state == WAITING) supervise_control(present, CONTROL_END, 0);
}

struct execution *supervise_find(void) { return present && present->state != ENDED ? present : NULL; }

void supervise_adopt(struct execution *execution, const uint8_t *id) {
  memcpy(execution->id, id, EXECUTION_ID_SIZE);
  execution->is_orphan = false;
  for (int i = 0; i < 2; i++) {
    output_restart(&execution->outputs[i]);
    execution->supervision->run_starts[i] = 0;
  }
  tell(execution);
}

void supervise_send_event(const struct execution *execution, uint32_t stream) {
  const struct supervision *supervision = execution->supervision;
  bool is_waiting = execution->state == WAITING;
  int64_t left_ns = is_waiting ? supervision->next_at_ns - now_ns() : 0;
  struct writer event = frame_begin(57);
  put_u8(&event, is_waiting ? EVENT_WAITING : execution->state == RUNNING ? EVENT_RUNNING : EVENT_ENDED);
  put_u32(&event, supervision->runs);
  put_u32(&event, execution->state == RUNNING ? (uint32_t)execution->pid : 0);
  put_u64(&event, (uint64_t)execution->started_at_wall_ns);
  put_u32(&event, (uint32_t)supervision->last_exit_code);
  put_u32(&event, (uint32_t)supervision->last_exit_signal);
  put_u64(&event, (uint64_t)supervision->last_exit_at_wall_ns);
  put_u64(&event, (uint64_t)(left_ns > 0 ? left_ns : 0));
  for (int i = 0; i < 2; i++) put_u64(&event, supervision->run_starts[i]);
  frame_send(&event, FRAME_EVENT, stream);
}
