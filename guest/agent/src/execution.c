#include "execution.h"

#include "supervise.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REMEMBERED_MAX = 4096 };

static struct execution *table[EXECUTIONS_MAX];
static uint8_t remembered[REMEMBERED_MAX][EXECUTION_ID_SIZE];  // a ring: the oldest is overwritten
static unsigned remembered_count;

static struct execution **slot_of(const struct execution *execution) {
  for (int i = 0; i < EXECUTIONS_MAX; i++)
    if (table[i] == execution) return &table[i];
  return NULL;
}

struct execution *execution_find(const uint8_t *id) {
  for (int i = 0; i < EXECUTIONS_MAX; i++)
    if (table[i] && memcmp(table[i]->id, id, EXECUTION_ID_SIZE) == 0) return table[i];
  return NULL;
}

struct execution *execution_find_by_pid(pid_t pid) {
  for (int i = 0; i < EXECUTIONS_MAX; i++)
    if (table[i] && table[i]->pid == pid && table[i]->state == RUNNING) return table[i];
  return NULL;
}

bool execution_is_remembered(const uint8_t *id) {
  unsigned count = remembered_count < REMEMBERED_MAX ? remembered_count : REMEMBERED_MAX;
  for (unsigned i = 0; i < count; i++)
    if (memcmp(remembered[i], id, EXECUTION_ID_SIZE) == 0) return true;
  return false;
}

// A host that never comes back for what it started must not use up the table for good.
static void forget_oldest(void) {
  struct execution *oldest = NULL;
  for (int i = 0; i < EXECUTIONS_MAX; i++) {
    struct execution *execution = table[i];
    if (execution->stream || !execution_is_over(execution)) continue;
    if (!oldest || execution->ended_at_ns < oldest->ended_at_ns) oldest = execution;
  }
  if (oldest) execution_forget(oldest, true);
}

struct execution *execution_create(const uint8_t *id) {
  struct execution **slot = slot_of(NULL);
  if (!slot) {
    forget_oldest();
    slot = slot_of(NULL);
  }
  struct execution *execution = slot ? calloc(1, sizeof *execution) : NULL;
  if (!execution) return NULL;
  memcpy(execution->id, id, EXECUTION_ID_SIZE);
  execution->outputs[0].source.fd = execution->outputs[1].source.fd = -1;
  execution->stdin_sink.source.fd = -1;
  *slot = execution;
  return execution;
}

void execution_forget(struct execution *execution, bool remembers) {
  *slot_of(execution) = NULL;
  reap_held(execution);
  if (remembers) memcpy(remembered[remembered_count++ % REMEMBERED_MAX], execution->id, EXECUTION_ID_SIZE);
  timer_stop(&execution->timer);
  timer_stop(&execution->linger);
  for (int i = 0; i < 2; i++) {
    output_close(&execution->outputs[i]);
    queue_drop(&execution->outputs[i].queue, execution->outputs[i].queue.end);
  }
  sink_close(&execution->stdin_sink);
  supervise_free(execution);
  free(execution);
}

void execution_each(void (*visit)(struct execution *execution)) {
  for (int i = 0; i < EXECUTIONS_MAX; i++)
    if (table[i]) visit(table[i]);
}

void execution_orphan(struct execution *execution) {
  if (execution->stream) return;
  execution->is_orphan = true;
  for (int i = 0; i < 2; i++) output_acknowledge(&execution->outputs[i], execution->outputs[i].queue.end);
}

void execution_wake(const struct execution *execution) {
  if (execution->stream) execution->stream->is_ready = true;
}

void execution_signal(const struct execution *execution, int number) {
  if (execution->pid <= 0 || (execution->state != RUNNING && !execution->is_zombie)) return;
  kill(-execution->pid, number);
}
