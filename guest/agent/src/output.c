// From a command's pipe into what is kept for the host. When that is full the pipe is left alone, and the command waits
// in write(2): nothing is lost. Declared in execution.h.
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "execution.h"
#include "supervise.h"

enum { READS_AT_ONCE = 8 };

// What comes after a silence is passed on at once. After a piece smaller than this the pipe is left alone for a moment, so that a command that
// writes line by line costs a frame each time, and not one for each line: the kernel gathers them.
// A terminal gives 4,095 bytes at once at most: full ones must not count as small.
enum { SMALL = 2048 };
static const int64_t GATHER_NS = 2 * MILLISECOND_NS;

static uint64_t kept;  // by all executions together

static uint64_t kept_max(void) {
  static uint64_t max;
  struct sysinfo info;
  if (max > 0) return max;
  uint64_t memory = sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
  max = memory / 8;
  if (max < 8 << 20) max = 8 << 20;
  if (max > 64 << 20) max = 64 << 20;
  return max;
}

// Of what is supervised the newest is kept while nobody listens: the machine's workload never waits for a host to come.
static bool keeps_newest(const struct output *output) {
  return output->execution->supervision && !output->execution->stream;
}

// A host that begins anew is back within seconds, in which a busy workload writes more than OUTPUT_MAX. It stays so when
// the host has come: what was kept must leave room for what is said last.
static size_t workload_max(void) {
  uint64_t share = kept_max() / 4;
  return share < OUTPUT_MAX_WORKLOAD ? (size_t)share : OUTPUT_MAX_WORKLOAD;
}

static size_t room_left(const struct output *output) {
  size_t bound = output->execution->supervision ? workload_max() : OUTPUT_MAX;
  if (kept >= kept_max()) bound = OUTPUT_MAX_WHEN_SHORT;
  size_t length = queue_length(&output->queue);
  return length < bound ? bound - length : 0;
}

// Of what is supervised the output ends with the last run.
bool output_is_at_end(const struct output *output) {
  const struct execution *execution = output->execution;
  bool goes_on = execution && execution->supervision && execution->state != ENDED;
  return output->source.fd < 0 && !goes_on;
}

void output_regulate(struct output *output) {
  if (output->source.fd < 0) return;
  bool takes = (room_left(output) > 0 || keeps_newest(output)) && !output->gathering.is_armed;
  source_want(&output->source, takes ? EPOLLIN : 0);
}

static void on_gathered(struct timer *timer) { output_regulate(timer->owner); }

static void gather(struct output *output) {
  if (output->source.fd >= 0 && output->execution->state == RUNNING) timer_set(&output->gathering, now_ns() + GATHER_NS);
}

void output_gather_no_more(struct output *output) {
  timer_stop(&output->gathering);
  output_regulate(output);
}

static void regulate_both(struct execution *execution) {
  for (int i = 0; i < 2; i++) output_regulate(&execution->outputs[i]);
}

static void drop(struct output *output, uint64_t offset) {
  bool was_short = kept >= kept_max();
  kept -= offset - output->queue.base;
  queue_drop(&output->queue, offset);
  if (was_short && kept < kept_max()) execution_each(regulate_both);
}

static void drop_oldest(struct output *output) {
  while (room_left(output) < QUEUE_BLOCK && queue_length(&output->queue) > 0) {
    uint64_t next = output->queue.base + QUEUE_BLOCK;
    drop(output, next < output->queue.end ? next : output->queue.end);
  }
}

void output_say(struct output *output, const char *text, size_t length) {
  if (keeps_newest(output)) drop_oldest(output);
  if (room_left(output) >= length && queue_push(&output->queue, text, length)) kept += length;
}

void output_restart(struct output *output) {
  drop(output, output->queue.end);
  output->queue.base = output->queue.end = 0;
}

void output_close(struct output *output) {
  timer_stop(&output->gathering);
  source_close(&output->source);
  drop(output, output->queue.end);
}

static bool is_last_read(struct output *output, size_t length) {
  if (output->take_left != UINT64_MAX) output->take_left -= length;
  return output->take_left == 0;
}

// False when there is no more for now, or for good.
static bool read_some(struct output *output) {
  if (keeps_newest(output)) drop_oldest(output);
  size_t room, allowed = room_left(output);
  uint8_t *to = allowed > 0 ? queue_room(&output->queue, &room) : NULL;
  if (!to) return false;
  if (room > allowed) room = allowed;
  if (room > output->take_left) room = (size_t)output->take_left;
  ssize_t length = read(output->source.fd, to, room);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  // 0: all writers are gone. EIO: so they are, of a terminal.
  if (length <= 0) {
    source_close(&output->source);
    return false;
  }
  queue_extend(&output->queue, (size_t)length);
  kept += (uint64_t)length;
  if (is_last_read(output, (size_t)length)) source_close(&output->source);
  return output->source.fd >= 0 && (size_t)length == room;
}

static void on_ready(struct source *source, uint32_t events) {
  (void)events;
  struct output *output = source->owner;
  uint64_t before = output->queue.end;
  for (int i = 0; i < READS_AT_ONCE && read_some(output); i++) continue;
  if (output->queue.end - before < SMALL) gather(output);
  if (output->execution->is_orphan) drop(output, output->queue.end);
  if (queue_length(&output->queue) == 0) queue_drop(&output->queue, output->queue.end);
  output_regulate(output);
  execution_wake(output->execution);
}

void output_cut(struct output *output) {
  timer_stop(&output->gathering);
  if (output->source.fd < 0) return;
  for (int i = 0; i < READS_AT_ONCE && read_some(output); i++) continue;
  source_close(&output->source);
}

void output_open(struct output *output, int fd, struct execution *execution) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  output->source = (struct source){.fd = fd, .ready = on_ready, .owner = output};
  output->gathering = (struct timer){.fire = on_gathered, .owner = output};
  output->take_left = UINT64_MAX;
  output->execution = execution;
  output_regulate(output);
}

void output_acknowledge(struct output *output, uint64_t offset) {
  if (offset <= output->queue.base) return;
  drop(output, offset);
  output_regulate(output);
}

void output_take_rest(struct output *output) {
  int available = 0;
  if (output->source.fd < 0) return;
  if (ioctl(output->source.fd, FIONREAD, &available) != 0 || available <= 0) {
    source_close(&output->source);
    return;
  }
  output->take_left = (uint64_t)available;
  output_regulate(output);
}
