#include "loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64 };

static int epoll_fd = -1;
static struct epoll_event batch[BATCH];
static int batch_length;
static struct timer *timers;

void loop_init(void) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) abort();
}

static int64_t clock_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * SECOND_NS + time.tv_nsec;
}

int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t wall_clock_ns(void) { return clock_ns(CLOCK_REALTIME); }

// Events that the kernel gave us already must not reach a source that went away meanwhile.
static void forget(const struct source *source) {
  for (int i = 0; i < batch_length; i++)
    if (batch[i].data.ptr == source) batch[i].data.ptr = NULL;
}

bool source_want(struct source *source, uint32_t events) {
  if (source->fd < 0) return false;
  if (events == source->wanted) return true;
  struct epoll_event event = {.events = events, .data.ptr = source};
  int operation = events == 0 ? EPOLL_CTL_DEL : source->wanted == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_fd, operation, source->fd, &event) != 0) return false;
  if (events == 0) forget(source);
  source->wanted = events;
  return true;
}

void source_close(struct source *source) {
  if (source->fd < 0) return;
  source_want(source, 0);
  forget(source);
  close(source->fd);
  source->fd = -1;
}

void timer_set(struct timer *timer, int64_t at_ns) {
  timer->at_ns = at_ns;
  if (timer->is_armed) return;
  timer->is_armed = true;
  timer->next = timers;
  timers = timer;
}

void timer_stop(struct timer *timer) {
  if (!timer->is_armed) return;
  timer->is_armed = false;
  for (struct timer **at = &timers; *at; at = &(*at)->next) {
    if (*at != timer) continue;
    *at = timer->next;
    return;
  }
}

// There are few timers (a handful for each execution), so a plain list is enough.
static const struct timer *next_timer(void) {
  const struct timer *first = timers;
  for (const struct timer *timer = timers; timer; timer = timer->next)
    if (timer->at_ns < first->at_ns) first = timer;
  return first;
}

static int milliseconds_to_wait(void) {
  const struct timer *next = next_timer();
  if (!next) return -1;
  int64_t left = next->at_ns - now_ns();
  if (left <= 0) return 0;
  int64_t rounded_up = (left + MILLISECOND_NS - 1) / MILLISECOND_NS;
  return rounded_up > 1000000000 ? 1000000000 : (int)rounded_up;
}

static void fire_timers(void) {
  if (!timers) return;
  int64_t now = now_ns();
  for (;;) {
    struct timer *due = timers;
    while (due && due->at_ns > now) due = due->next;
    if (!due) return;
    timer_stop(due);
    due->fire(due);
  }
}

void loop_once(bool is_busy) {
  batch_length = epoll_wait(epoll_fd, batch, BATCH, is_busy ? 0 : milliseconds_to_wait());
  if (batch_length < 0 && errno != EINTR) abort();
  for (int i = 0; i < batch_length; i++) {
    struct source *source = batch[i].data.ptr;
    if (source) source->ready(source, batch[i].events);
  }
  batch_length = 0;
  fire_timers();
}
