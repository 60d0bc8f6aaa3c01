#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "log.h"
#include "loop.h"
#include "session.h"

enum {
  CHUNK = 65536,
  HISTORY = SYNC_SIZE - 1,  // a SYNC may begin in one read and end in the next
  OUTPUT_SIZE = 512 * 1024,
  DATA_MARK = 64 * 1024,
  ANSWER_MARK = 128 * 1024,  // plus the largest frame: the most that is ever queued
};

static struct source in_source = {.fd = -1}, out_source = {.fd = -1};
static enum link_kind kind;
static void (*on_ended)(void);

static uint8_t input[HISTORY + CHUNK];
static size_t history, input_begin, input_end;  // history: bytes kept just before input[HISTORY]
static uint8_t output[OUTPUT_SIZE];
static size_t output_begin, output_end;

static bool is_hung_up;

static void end(void) {
  link_stop();
  if (on_ended) on_ended();
}

// A port without a host is "hung up" all the time, which would wake a level-triggered wait forever. Edge-triggered it
// wakes when something happens to the port and only then: the kernel wakes whoever waits for it when a host opens it, when
// one closes it, and at every buffer that comes in, so that no poll is needed (a test connects a great many times).
//
// It may hear of a host's end after the next one's SYNC: an ECHO that is not out yet is for that one, so it stays.
static void hang_up(void) {
  if (kind == LINK_STREAM) {
    end();
    return;
  }
  if (is_hung_up) return;
  is_hung_up = true;
  if (session_is_open()) {
    session_lose();
    link_drop_output();
  }
  input_begin = input_end = 0;
  history = 0;
  source_want(&in_source, EPOLLIN | EPOLLOUT | EPOLLET);
}

// Finds the last SYNC for this agent that ends in what was just read; what is before it belongs to a dead session.
static void find_sync(size_t length) {
  const uint8_t *at = input + HISTORY - history, *end = input + HISTORY + length;
  const uint8_t *last = NULL;
  while (end - at >= SYNC_SIZE && (at = memchr(at, 'V', (size_t)(end - at) - SYNC_SIZE + 1))) {
    if (session_knows_sync(at)) last = at;
    at++;
  }
  if (!last) return;
  session_begin(last);
  input_begin = (size_t)(last - input) + SYNC_SIZE;
}

static void receive(void) {
  size_t before = history + (input_end > HISTORY ? input_end - HISTORY : 0);
  size_t keep = before < HISTORY ? before : HISTORY;
  memmove(input + HISTORY - keep, input + (input_end > HISTORY ? input_end : HISTORY) - keep, keep);
  history = keep;
  input_begin = input_end = HISTORY;

  ssize_t length = read(in_source.fd, input + HISTORY, CHUNK);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    hang_up();
    return;
  }
  input_end = HISTORY + (size_t)length;
  find_sync((size_t)length);
}

static void want(void) {
  if (in_source.fd < 0 || is_hung_up) return;
  bool wants_more = input_begin == input_end && !session_has_frame() && link_has_room_for_answer();
  uint32_t in = wants_more ? EPOLLIN : 0;
  uint32_t out = output_begin < output_end ? EPOLLOUT : 0;
  if (out_source.fd >= 0) {
    source_want(&in_source, in);
    source_want(&out_source, out);
  } else {
    source_want(&in_source, in | out);
  }
}

static void on_ready(struct source *source, uint32_t events) {
  // What a host has left behind that is gone again is read when the next one comes.
  if (is_hung_up && events & EPOLLHUP) return;
  is_hung_up = false;
  if (events & EPOLLIN && source == &in_source && input_begin == input_end)
    receive();
  else if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
    hang_up();
}

bool link_take_input(void) {
  if (input_begin == input_end && !session_has_frame()) return false;
  size_t taken = session_receive(input + input_begin, input_end - input_begin);
  input_begin += taken;
  return taken > 0;
}

bool link_can_take_input(void) {
  bool has_some = input_begin < input_end || session_has_frame();
  return has_some && link_has_room_for_answer() && !session_is_holding();
}

void link_flush(void) {
  int fd = out_source.fd >= 0 ? out_source.fd : in_source.fd;
  while (fd >= 0 && !is_hung_up && output_begin < output_end) {
    ssize_t written = write(fd, output + output_begin, output_end - output_begin);
    if (written > 0) {
      output_begin += (size_t)written;
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN) hang_up();
    break;
  }
  if (output_begin == output_end) {
    output_begin = output_end = 0;
    session_output_is_out();
  }
  want();
}

uint8_t *link_reserve(size_t length) {
  if (in_source.fd < 0) return NULL;
  if (OUTPUT_SIZE - output_end < length) {
    memmove(output, output + output_begin, output_end - output_begin);
    output_end -= output_begin;
    output_begin = 0;
  }
  return OUTPUT_SIZE - output_end < length ? NULL : output + output_end;
}

void link_commit(size_t length) { output_end += length; }

void link_drop_output(void) { output_begin = output_end = 0; }

bool link_has_room_for_data(void) { return in_source.fd >= 0 && output_end - output_begin < DATA_MARK; }

bool link_has_room_for_answer(void) { return output_end - output_begin < ANSWER_MARK; }

static void set_non_blocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

void link_start(enum link_kind new_kind, int in_fd, int out_fd, void (*ended)(void)) {
  link_stop();
  kind = new_kind;
  on_ended = ended;
  set_non_blocking(in_fd);
  in_source = (struct source){.fd = in_fd, .ready = on_ready};
  if (out_fd != in_fd) {
    set_non_blocking(out_fd);
    out_source = (struct source){.fd = out_fd, .ready = on_ready};
  }
  want();
}

void link_stop(void) {
  if (in_source.fd < 0) return;
  session_lose();
  source_close(&in_source);
  source_close(&out_source);
  link_drop_output();
  input_begin = input_end = 0;
  history = 0;
  is_hung_up = false;
}
