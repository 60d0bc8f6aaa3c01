// Children are reaped: commands, jobs, and as PID 1 every orphan of the machine. Declared in execution.h.
//
// A process group's number may be used again once its last process is reaped. After a time-out the group is still to
// get SIGKILL when the grace is over, so a command that has ended meanwhile is kept as a zombie until then.
#include <signal.h>
#include <sys/wait.h>

#include "execution.h"
#include "supervise.h"

enum { GRACE_SECONDS = 2, LINGER_SECONDS = 1 };

static int held_count;

static void on_linger(struct timer *timer) {
  struct execution *execution = timer->owner;
  for (int i = 0; i < 2; i++) output_take_rest(&execution->outputs[i]);
  execution_wake(execution);
}

static void end(struct execution *execution, const siginfo_t *info) {
  bool has_exited = info->si_code == CLD_EXITED;
  execution->exit_code = has_exited ? info->si_status : -1;
  execution->exit_signal = has_exited ? 0 : info->si_status;
  execution->state = ENDED;
  execution->ended_at_ns = now_ns();
  for (int i = 0; i < 2; i++) output_gather_no_more(&execution->outputs[i]);
  if (execution->supervision) supervise_run_ended(execution);
  if (!execution->is_timed_out) timer_stop(&execution->timer);
  sink_close(&execution->stdin_sink);
  execution->linger = (struct timer){.fire = on_linger, .owner = execution};
  if (!execution_is_over(execution)) timer_set(&execution->linger, execution->ended_at_ns + LINGER_SECONDS * SECOND_NS);
  execution_wake(execution);
}

static void take(const siginfo_t *info) {
  struct execution *execution = execution_find_by_pid(info->si_pid);
  if (execution) {
    // What a run leaves in its group would be in the way of the next one. Still a zombie, the number is ours.
    if (execution->supervision) kill(-info->si_pid, SIGKILL);
    end(execution, info);
    if (execution->is_timed_out && !execution->was_killed) {
      execution->is_zombie = true;
      held_count++;
      return;
    }
  }
  waitpid(info->si_pid, NULL, 0);
}

static bool peek(idtype_t type, id_t id, siginfo_t *info) {
  info->si_pid = 0;
  return waitid(type, id, info, WEXITED | WNOHANG | WNOWAIT) == 0 && info->si_pid != 0;
}

static void reap_one(struct execution *execution) {
  siginfo_t info;
  bool is_alive = execution->pid > 0 && execution->state == RUNNING;
  if (is_alive && peek(P_PID, (id_t)execution->pid, &info)) take(&info);
}

void reap(void) {
  siginfo_t info;
  // A zombie held back hides the others from a wait for any child; orphans then wait for the end of the grace.
  while (held_count == 0 && peek(P_ALL, 0, &info)) take(&info);
  if (held_count > 0) execution_each(reap_one);
}

void reap_held(struct execution *execution) {
  if (!execution->is_zombie) return;
  kill(-execution->pid, SIGKILL);
  waitpid(execution->pid, NULL, 0);
  execution->is_zombie = false;
  held_count--;
}

static void on_grace_over(struct timer *timer) {
  struct execution *execution = timer->owner;
  execution->was_killed = true;
  execution_signal(execution, SIGKILL);
  if (!execution->is_zombie) return;
  reap_held(execution);
  reap();
}

static void on_timeout(struct timer *timer) {
  struct execution *execution = timer->owner;
  execution->is_timed_out = true;
  execution_signal(execution, SIGTERM);
  timer->fire = on_grace_over;
  timer_set(timer, now_ns() + GRACE_SECONDS * SECOND_NS);
}

void execution_set_timeout(struct execution *execution, uint32_t timeout_ms) {
  execution->timer = (struct timer){.fire = on_timeout, .owner = execution};
  if (timeout_ms > 0) timer_set(&execution->timer, now_ns() + timeout_ms * MILLISECOND_NS);
}

bool execution_is_over(const struct execution *execution) {
  return execution->state == ENDED && output_is_at_end(&execution->outputs[0]) &&
         output_is_at_end(&execution->outputs[1]);
}
