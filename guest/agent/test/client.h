// The host's side of the protocol, for tests: starts an agent and speaks to it. Anything unexpected fails the test.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"
#include "wire.h"

struct client {
  int fd;
  pid_t agent;
  uint8_t key[KEY_SIZE], nonce[NONCE_SIZE];
};

struct message {
  struct frame frame;
  uint8_t payload[FRAME_PAYLOAD_MAX];
  struct reader reader;  // over the payload
};

// A frame being written by put_*(&request.writer, …).
struct request {
  uint8_t bytes[FRAME_HEADER + FRAME_PAYLOAD_MAX];
  struct writer writer;
};

// An agent on a socket pair (--stdio), ended with the test.
void client_start(struct client *client);
void client_stop(struct client *client);
// Waits until no process of the group is left. Orphans of the agent come to the test, which reaps them.
void client_await_end_of_group(pid_t group);
// A new session: SYNC, ECHO, HELLO.
void client_begin(struct client *client);
// The parts of it.
void client_send_sync(struct client *client);
void client_await_echo(struct client *client);
void client_hello(struct client *client, uint16_t lowest, uint16_t highest, struct message *answer);

struct request *request_begin(void);
// Seals the frame for the client's session and returns its length; the bytes are in request->bytes.
size_t request_seal(const struct client *client, struct request *request, uint8_t type, uint32_t stream);
void client_send(struct client *client, struct request *request, uint8_t type, uint32_t stream);
void client_send_bytes(struct client *client, const void *bytes, size_t length);

// The next frame, which must be correct and come within 30 s.
void client_receive(struct client *client, struct message *message);
// The next frame, which must be this one.
void client_expect(struct client *client, struct message *message, uint8_t type, uint32_t stream);
// Fails if the agent sends anything within these milliseconds.
void client_expect_silence(struct client *client, int milliseconds);
// The agent must have ended the session: a PING is not answered. Begins another.
void client_expect_session_end(struct client *client);
// ERROR; returns its errno.
int client_expect_error(struct client *client, uint32_t stream);
void client_ping(struct client *client, uint64_t token);

// Requests that many tests make.
void send_window(struct client *client, uint32_t stream, uint8_t channel, uint64_t acknowledged, uint64_t limit);
void send_data(struct client *client, uint32_t stream, uint64_t offset, const void *data, size_t length);
void send_eof_in(struct client *client, uint32_t stream, uint64_t offset);
void send_close(struct client *client, uint32_t stream);

struct command {
  uint8_t id;  // repeated to 16 bytes
  uint8_t flags;
  uint32_t timeout_ms;
  const char *user, *cwd;
  const char *const *argv, *const *env;
  uint16_t rows, columns;
  uint64_t acknowledged[2];
  // With flag 8.
  uint8_t restart;
  uint32_t delay_ms, longest_delay_ms, steady_ms;
};
void put_command(struct request *request, const struct command *command);
void send_exec(struct client *client, uint32_t stream, const struct command *command);
void send_shell(struct client *client, uint32_t stream, uint8_t id, uint8_t flags, const char *script);

// How a command went: reads everything until EXIT, granting as it comes.
struct outcome {
  char output[2][1 << 20];
  size_t length[2];
  unsigned pieces;  // DATA frames, of both
  int32_t exit_code;
  uint32_t signal;
  uint8_t reason;
  uint64_t duration_ns;
};
void client_collect(struct client *client, uint32_t stream, struct outcome *outcome);
// EXEC of a shell script, to the end.
struct outcome *client_run(struct client *client, uint32_t stream, uint8_t id, const char *script);

// A temporary directory, removed with all that is in it when the test ends.
const char *temporary_directory(void);
void put_path(struct request *request, const char *directory, const char *name);
