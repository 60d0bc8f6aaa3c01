#include "supervised.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

struct client client;
struct message message;
struct heard heard;

void start_agent(void) {
  client_start(&client);
  client_begin(&client);
}

static void grant(void) {
  for (uint8_t i = 0; i < 2; i++)
    send_window(&client, heard.id, (uint8_t)(i + 1), heard.to[i], heard.to[i] + WINDOW_MAX);
}

uint8_t ask(uint32_t stream, const struct command *command) {
  send_exec(&client, stream, command);
  client_expect(&client, &message, FRAME_RESULT, stream);
  take_u32(&message.reader);
  uint8_t attached = take_u8(&message.reader);
  CHECK_EQUAL(take_u64(&message.reader), 0);
  take_u64(&message.reader);
  memset(&heard, 0, sizeof heard);
  heard.id = stream;
  for (int i = 0; i < 2; i++) heard.from[i] = heard.to[i] = take_u64(&message.reader);
  CHECK(reader_is_finished(&message.reader));
  grant();
  return attached;
}

uint8_t supervise(uint32_t stream, uint8_t id, uint8_t restart, uint32_t delay_ms, const char *script) {
  const char *const argv[] = {"sh", "-c", script, NULL};
  return ask(stream, &(struct command){.id = id,
                                       .flags = SUPERVISED,
                                       .argv = argv,
                                       .restart = restart,
                                       .delay_ms = delay_ms,
                                       .longest_delay_ms = 8 * delay_ms,
                                       .steady_ms = 10000});
}

uint8_t attach(uint32_t stream, uint8_t id, uint64_t out, uint64_t err) {
  return ask(stream, &(struct command){.id = id,
                                       .flags = SUPERVISED | ATTACH,
                                       .delay_ms = 1,
                                       .longest_delay_ms = 1,
                                       .acknowledged = {out, err}});
}

static void take_event(void) {
  struct reader *reader = &message.reader;
  struct state *state = &heard.state;
  state->state = take_u8(reader);
  state->runs = take_u32(reader);
  state->pid = take_u32(reader);
  CHECK(take_u64(reader) > 0);
  state->exit_code = (int32_t)take_u32(reader);
  state->signal = take_u32(reader);
  state->exited_at = take_u64(reader);
  state->next_in = take_u64(reader);
  for (int i = 0; i < 2; i++) state->starts[i] = take_u64(reader);
  CHECK(reader_is_finished(reader));
}

static void take_data(void) {
  unsigned which = take_u8(&message.reader) - CHANNEL_OUT;
  uint64_t offset = take_u64(&message.reader);
  size_t length = (size_t)(message.reader.end - message.reader.at);
  CHECK(which < 2 && offset == heard.to[which]);
  CHECK(offset - heard.from[which] + length < sizeof heard.text[which]);
  memcpy(heard.text[which] + (offset - heard.from[which]), message.reader.at, length);
  heard.to[which] += length;
}

void hear(void) {
  client_receive(&client, &message);
  CHECK_EQUAL(message.frame.stream, heard.id);
  if (message.frame.type == FRAME_DATA) {
    take_data();
    grant();
  } else if (message.frame.type == FRAME_EVENT) {
    take_event();
  } else if (message.frame.type == FRAME_EXIT) {
    heard.has_exited = true;
    heard.exit_code = (int32_t)take_u32(&message.reader);
  } else {
    CHECK_EQUAL(message.frame.type, FRAME_EOF);
  }
}

void await_runs(uint8_t state, uint32_t runs) {
  while (heard.state.state != state || heard.state.runs < runs) hear();
  CHECK_EQUAL(heard.state.runs, runs);
}

void await_text(unsigned which, const char *text) {
  while (!strstr(heard.text[which], text)) hear();
}

void await_exit(void) {
  while (!heard.has_exited) hear();
}

void control(uint8_t what, uint32_t grace_ms) {
  struct request *request = request_begin();
  put_u8(&request->writer, what);
  put_u32(&request->writer, grace_ms);
  client_send(&client, request, FRAME_CONTROL, heard.id);
}

void await_file(const char *directory, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  for (int i = 0; access(path, F_OK) != 0; i++) {
    CHECK(i < 3000);
    usleep(10000);
  }
}
