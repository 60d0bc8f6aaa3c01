#include "session.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "link.h"
#include "log.h"
#include "loop.h"
#include "stream.h"
#include "text-file.h"

enum { VERSION = 1 };

static enum { SILENT, GREETING, OPEN } state;
static bool owns_machine;
static bool has_key, is_held, is_doomed, is_to_forget;
static uint8_t key[KEY_SIZE];
static uint16_t tag;
static uint32_t session_count;

// The frame being received: `assembled` bytes of header and payload are here.
static uint8_t assembly[FRAME_HEADER + FRAME_PAYLOAD_MAX];
static size_t assembled;
static struct frame incoming;

void session_init(bool owns) { owns_machine = owns; }

bool session_owns_machine(void) { return owns_machine; }

bool session_is_open(void) { return state == OPEN; }

void session_hold(bool hold) { is_held = hold; }

static bool is_whole(void) { return assembled >= FRAME_HEADER && assembled == FRAME_HEADER + incoming.length; }

bool session_is_holding(void) { return is_held && state == OPEN && is_whole() && incoming.type == FRAME_OPEN; }

bool session_has_frame(void) { return state != SILENT && is_whole(); }

bool session_knows_sync(const uint8_t *sync) {
  if (!sync_is_intact(sync)) return false;
  if (!has_key) memcpy(key, sync + 8, KEY_SIZE);
  has_key = true;
  return memcmp(key, sync + 8, KEY_SIZE) == 0;
}

void session_forget_key(void) { is_to_forget = true; }

void session_output_is_out(void) {
  if (!is_to_forget) return;
  session_lose();
  has_key = false;
  explicit_bzero(key, sizeof key);
}

void session_lose(void) {
  if (state == OPEN) streams_end_all();
  state = SILENT;
  assembled = 0;
  is_doomed = false;
  is_to_forget = false;  // its RESULT was not written: it has not been promised
}

void session_begin(const uint8_t *sync) {
  session_lose();
  link_drop_output();
  const uint8_t *nonce = sync + 8 + KEY_SIZE;
  tag = load_u16(nonce);
  session_count++;
  state = GREETING;
  uint8_t *echo = link_reserve(ECHO_SIZE);
  if (!echo) return;
  echo_write(echo, nonce);
  link_commit(ECHO_SIZE);
}

static void violate(const char *what) {
  log_line("session ended: %s (frame type %u, stream %u)", what, incoming.type, incoming.stream);
  session_lose();
}

void session_settle(void) {
  if (is_doomed) violate("no room for an answer");
}

struct writer frame_begin(size_t capacity) {
  uint8_t *header = link_reserve(FRAME_HEADER + capacity);
  return header ? writer_over(header + FRAME_HEADER, capacity) : (struct writer){.full = true};
}

void frame_send(struct writer *payload, uint8_t type, uint32_t stream) {
  if (payload->full) {
    // To lose the answer silently would leave the host waiting; a new session does not. Not now: a stream is at work.
    is_doomed = true;
    return;
  }
  uint32_t length = (uint32_t)writer_length(payload);
  frame_seal(payload->start - FRAME_HEADER, type, tag, stream, length);
  link_commit(FRAME_HEADER + length);
}

static const char DIGITS[] = "0123456789abcdef";

// Read once: it is the same as long as this program runs, and a restored machine is to answer soon.
static const uint8_t *boot_id(void) {
  static uint8_t id[16];
  static bool is_known;
  char text[40];
  if (is_known) return id;
  int length = read_text_file("/proc/sys/kernel/random/boot_id", text, sizeof text);
  for (int i = 0, digits = 0; i < length && digits < 32; i++) {
    const char *digit = strchr(DIGITS, text[i]);
    if (!digit) continue;
    id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | (digit - DIGITS));
    digits++;
  }
  is_known = true;
  return id;
}

static void put_capabilities(struct writer *writer) {
  static const char *const names[] = {"exec",     "tty",      "files",  "watch", "tcp",  "stats", "supervise",
                                      "counts", "identify", "shutdown", "freeze", "tools", "grow", "prepare"};
  uint32_t count = !owns_machine ? 8 : getpid() == 1 ? 14 : 13;
  bool is_container = !owns_machine && getpid() == 1;
  put_u32(writer, count + is_container);
  for (uint32_t i = 0; i < count; i++) put_string(writer, names[i]);
  if (is_container) put_string(writer, "shutdown");
}

static void answer_hello(uint16_t version) {
  struct timespec uptime;
  clock_gettime(CLOCK_BOOTTIME, &uptime);
  struct writer hello = frame_begin(512);
  put_u16(&hello, version);
  put_string(&hello, AGENT_VERSION);
  put_u64(&hello, (uint64_t)uptime.tv_sec * SECOND_NS + (uint64_t)uptime.tv_nsec);
  put_bytes(&hello, boot_id(), 16);
  put_u32(&hello, session_count);
  put_u8(&hello, getpid() == 1);
  put_capabilities(&hello);
  frame_send(&hello, FRAME_HELLO, 0);
}

static void set_clock(uint64_t ns) {
  struct timespec time = {.tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS)};
  if (clock_settime(CLOCK_REALTIME, &time) != 0) log_line("the clock cannot be set");
}

static bool take_hello(struct reader *payload) {
  uint16_t lowest = take_u16(payload), highest = take_u16(payload);
  uint64_t wall_clock = take_u64(payload);
  if (state != GREETING || !reader_is_finished(payload)) return false;
  if (lowest > VERSION || highest < VERSION) {
    answer_hello(0);
    state = SILENT;
    return true;
  }
  if (wall_clock != 0 && owns_machine) set_clock(wall_clock);
  state = OPEN;
  answer_hello(VERSION);
  return true;
}

static bool take_session_frame(struct reader *payload) {
  if (incoming.type == FRAME_HELLO) return take_hello(payload);
  uint64_t token = take_u64(payload);
  if (!reader_is_finished(payload)) return false;
  if (incoming.type == FRAME_PONG) return true;
  struct writer pong = frame_begin(8);
  put_u64(&pong, token);
  frame_send(&pong, FRAME_PONG, 0);
  return true;
}

// False: the frame violates the protocol.
static bool take_frame(void) {
  struct reader payload = reader_over(assembly + FRAME_HEADER, incoming.length);
  if (incoming.type >= FRAME_HINTS) return state == OPEN;
  if (state == GREETING && incoming.type != FRAME_HELLO) return false;
  if (incoming.type <= FRAME_PONG) return incoming.type > 0 && incoming.stream == 0 && take_session_frame(&payload);
  return incoming.stream != 0 && stream_take_frame(incoming.stream, incoming.type, &payload);
}

static const char *check_header(void) {
  if (!frame_parse(assembly, &incoming)) return "malformed header";
  if (incoming.tag != tag) return "frame of another session";
  return NULL;
}

// Takes bytes into the assembly until the frame is whole; returns how many.
static size_t assemble(const uint8_t *data, size_t length) {
  size_t needed = assembled < FRAME_HEADER ? FRAME_HEADER : FRAME_HEADER + incoming.length;
  size_t taken = needed - assembled < length ? needed - assembled : length;
  memcpy(assembly + assembled, data, taken);
  assembled += taken;
  return taken;
}

static void finish_frame(void) {
  uint8_t *payload = assembly + FRAME_HEADER;
  if (!frame_is_intact(assembly, &incoming, payload)) {
    violate("wrong checksum");
  } else if (!take_frame()) {
    violate("not allowed here");
  }
  assembled = 0;
}

size_t session_receive(const uint8_t *data, size_t length) {
  size_t taken = 0;
  for (;;) {
    if (state == SILENT) return length;
    if (!is_whole()) {
      if (taken == length) return taken;
      bool had_header = assembled >= FRAME_HEADER;
      taken += assemble(data + taken, length - taken);
      if (assembled < FRAME_HEADER) return taken;
      const char *wrong = had_header ? NULL : check_header();
      if (wrong) {
        violate(wrong);
        continue;
      }
      if (!is_whole()) continue;
    }
    if (!link_has_room_for_answer() || session_is_holding()) return taken;
    finish_frame();
  }
}
