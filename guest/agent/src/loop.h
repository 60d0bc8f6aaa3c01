// The event loop: one epoll, no threads. Everything else in the agent runs inside a callback of it and must not wait.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct source {
  int fd;           // -1: closed
  uint32_t wanted;  // EPOLLIN, EPOLLOUT; 0: not watched at all, not even for a hang-up
  void (*ready)(struct source *source, uint32_t events);
  void *owner;
};

struct timer {
  int64_t at_ns;  // of now_ns()
  bool is_armed;
  void (*fire)(struct timer *timer);
  void *owner;
  struct timer *next;
};

#define SECOND_NS INT64_C(1000000000)
#define MILLISECOND_NS INT64_C(1000000)

void loop_init(void);
// Monotonic; does not jump when a machine is restored from a snapshot.
int64_t now_ns(void);
int64_t wall_clock_ns(void);

// Watches the source for exactly these events from now on. False when its fd cannot be watched (regular files).
bool source_want(struct source *source, uint32_t events);
// Stops watching and closes the fd. Safe at any time, also inside callbacks, and when closed already.
void source_close(struct source *source);

void timer_set(struct timer *timer, int64_t at_ns);
void timer_stop(struct timer *timer);

// Waits for events (at most until the next timer; not at all when `is_busy`) and runs their callbacks.
void loop_once(bool is_busy);
