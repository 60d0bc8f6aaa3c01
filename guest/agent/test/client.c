#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "crc32c.h"

enum { PATIENCE_MS = 30000 };

static void fill_random(void *to, size_t length) { CHECK_EQUAL(getrandom(to, length, 0), length); }

void client_start(struct client *client) {
  int ends[2];
  const char *program = getenv("VOLARY_AGENT");
  crc32c_init();
  CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  client->fd = ends[0];
  fill_random(client->key, KEY_SIZE);
  client->agent = fork();
  if (client->agent == 0) {
    dup2(ends[1], 0);
    dup2(ends[1], 1);
    if (!program) program = "build/volary-agent-asan";
    execl(program, program, "--stdio", (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
}

void client_stop(struct client *client) {
  int status;
  close(client->fd);
  CHECK_EQUAL(waitpid(client->agent, &status, 0), client->agent);
  // A sanitizer's complaint is an exit code other than 0.
  CHECK_EQUAL(status, 0);
  // It has killed its commands on leaving.
  while (waitpid(-1, &status, 0) > 0) continue;
}

void client_await_end_of_group(pid_t group) {
  for (int waited_ms = 0; kill(-group, 0) == 0; waited_ms += 10) {
    CHECK(waited_ms < PATIENCE_MS);
    waitpid(-group, NULL, WNOHANG);
    usleep(10000);
  }
  CHECK_EQUAL(errno, ESRCH);
}

void client_send_bytes(struct client *client, const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t sent = send(client->fd, at, length, MSG_NOSIGNAL);
    CHECK(sent > 0);
    at += sent;
    length -= (size_t)sent;
  }
}

void client_send_sync(struct client *client) {
  uint8_t sync[SYNC_SIZE];
  fill_random(client->nonce, NONCE_SIZE);
  memcpy(sync, "VLRYSYNC", 8);
  memcpy(sync + 8, client->key, KEY_SIZE);
  memcpy(sync + 24, client->nonce, NONCE_SIZE);
  store_u32(sync + 40, crc32c(0, sync, 40));
  client_send_bytes(client, sync, sizeof sync);
}

static void read_some(struct client *client, void *to, size_t length) {
  struct pollfd wait = {.fd = client->fd, .events = POLLIN};
  for (char *at = to; length > 0;) {
    CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
    ssize_t got = read(client->fd, at, length);
    CHECK(got > 0);
    at += got;
    length -= (size_t)got;
  }
}

// Discards everything until the ECHO of the last nonce.
void client_await_echo(struct client *client) {
  uint8_t expected[ECHO_SIZE], window[ECHO_SIZE] = {0};
  echo_write(expected, client->nonce);
  while (memcmp(window, expected, ECHO_SIZE) != 0) {
    memmove(window, window + 1, ECHO_SIZE - 1);
    read_some(client, window + ECHO_SIZE - 1, 1);
  }
}

struct request *request_begin(void) {
  static struct request request;
  request.writer = writer_over(request.bytes + FRAME_HEADER, FRAME_PAYLOAD_MAX);
  return &request;
}

size_t request_seal(const struct client *client, struct request *request, uint8_t type, uint32_t stream) {
  CHECK(!request->writer.full);
  size_t length = writer_length(&request->writer);
  frame_seal(request->bytes, type, load_u16(client->nonce), stream, (uint32_t)length);
  return FRAME_HEADER + length;
}

void client_send(struct client *client, struct request *request, uint8_t type, uint32_t stream) {
  client_send_bytes(client, request->bytes, request_seal(client, request, type, stream));
}

void client_receive(struct client *client, struct message *message) {
  uint8_t header[FRAME_HEADER];
  read_some(client, header, sizeof header);
  CHECK(frame_parse(header, &message->frame));
  read_some(client, message->payload, message->frame.length);
  CHECK(frame_is_intact(header, &message->frame, message->payload));
  CHECK_EQUAL(message->frame.tag, load_u16(client->nonce));
  message->reader = reader_over(message->payload, message->frame.length);
}

void client_expect(struct client *client, struct message *message, uint8_t type, uint32_t stream) {
  client_receive(client, message);
  if (message->frame.type == FRAME_ERROR && type != FRAME_ERROR)
    fprintf(stderr, "ERROR %u %.*s\n", load_u16(message->payload), (int)message->frame.length - 6,
            message->payload + 6);
  CHECK_EQUAL(message->frame.type, type);
  CHECK_EQUAL(message->frame.stream, stream);
}

void client_expect_silence(struct client *client, int milliseconds) {
  struct pollfd wait = {.fd = client->fd, .events = POLLIN};
  CHECK_EQUAL(poll(&wait, 1, milliseconds), 0);
}

void client_expect_session_end(struct client *client) {
  struct request *ping = request_begin();
  put_u64(&ping->writer, 1);
  client_send(client, ping, FRAME_PING, 0);
  client_expect_silence(client, 50);
  client_begin(client);
}

int client_expect_error(struct client *client, uint32_t stream) {
  static struct message message;
  client_expect(client, &message, FRAME_ERROR, stream);
  int error = take_u16(&message.reader);
  CHECK(take_text(&message.reader).length > 0);
  CHECK(reader_is_finished(&message.reader));
  return error;
}

void client_hello(struct client *client, uint16_t lowest, uint16_t highest, struct message *answer) {
  struct request *hello = request_begin();
  put_u16(&hello->writer, lowest);
  put_u16(&hello->writer, highest);
  put_u64(&hello->writer, 0);
  client_send(client, hello, FRAME_HELLO, 0);
  client_expect(client, answer, FRAME_HELLO, 0);
}

void client_begin(struct client *client) {
  static struct message answer;
  client_send_sync(client);
  client_await_echo(client);
  client_hello(client, 1, 1, &answer);
  CHECK_EQUAL(take_u16(&answer.reader), 1);
}

void client_ping(struct client *client, uint64_t token) {
  static struct message answer;
  struct request *ping = request_begin();
  put_u64(&ping->writer, token);
  client_send(client, ping, FRAME_PING, 0);
  // What was acknowledged before the agent saw the PING comes first.
  do client_receive(client, &answer);
  while (answer.frame.type == FRAME_WINDOW);
  CHECK_EQUAL(answer.frame.type, FRAME_PONG);
  CHECK_EQUAL(answer.frame.stream, 0);
  CHECK(take_u64(&answer.reader) == token);
}

void send_window(struct client *client, uint32_t stream, uint8_t channel, uint64_t acknowledged, uint64_t limit) {
  struct request *window = request_begin();
  put_u8(&window->writer, channel);
  put_u64(&window->writer, acknowledged);
  put_u64(&window->writer, limit);
  client_send(client, window, FRAME_WINDOW, stream);
}

void send_data(struct client *client, uint32_t stream, uint64_t offset, const void *data, size_t length) {
  struct request *frame = request_begin();
  put_u8(&frame->writer, CHANNEL_IN);
  put_u64(&frame->writer, offset);
  put_bytes(&frame->writer, data, length);
  client_send(client, frame, FRAME_DATA, stream);
}

void send_eof_in(struct client *client, uint32_t stream, uint64_t offset) {
  struct request *frame = request_begin();
  put_u8(&frame->writer, CHANNEL_IN);
  put_u64(&frame->writer, offset);
  client_send(client, frame, FRAME_EOF, stream);
}

void send_close(struct client *client, uint32_t stream) { client_send(client, request_begin(), FRAME_CLOSE, stream); }

static void put_list(struct writer *writer, const char *const *list) {
  uint32_t count = 0;
  while (list && list[count]) count++;
  put_u32(writer, count);
  for (uint32_t i = 0; i < count; i++) put_string(writer, list[i]);
}

void put_command(struct request *request, const struct command *command) {
  struct writer *writer = &request->writer;
  put_u8(writer, 1);
  for (int i = 0; i < 16; i++) put_u8(writer, command->id);
  put_u8(writer, command->flags);
  put_u32(writer, command->timeout_ms);
  put_string(writer, command->user ? command->user : "");
  put_string(writer, command->cwd ? command->cwd : "/");
  put_list(writer, command->argv);
  put_list(writer, command->env);
  put_u16(writer, command->rows);
  put_u16(writer, command->columns);
  for (int i = 0; i < 2; i++) put_u64(writer, command->acknowledged[i]);
  if (!(command->flags & 8)) return;
  put_u8(writer, command->restart);
  put_u32(writer, command->delay_ms);
  put_u32(writer, command->longest_delay_ms);
  put_u32(writer, command->steady_ms);
}

void send_exec(struct client *client, uint32_t stream, const struct command *command) {
  struct request *request = request_begin();
  put_command(request, command);
  client_send(client, request, FRAME_OPEN, stream);
}

void send_shell(struct client *client, uint32_t stream, uint8_t id, uint8_t flags, const char *script) {
  const char *const argv[] = {"sh", "-c", script, NULL};
  send_exec(client, stream, &(struct command){.id = id, .flags = flags, .argv = argv});
}

static void take_output(struct message *message, struct outcome *outcome) {
  unsigned which = take_u8(&message->reader) - CHANNEL_OUT;
  uint64_t offset = take_u64(&message->reader);
  size_t length = (size_t)(message->reader.end - message->reader.at);
  CHECK(which < 2 && offset == outcome->length[which] && length > 0);
  CHECK(offset + length <= sizeof outcome->output[which]);
  memcpy(outcome->output[which] + offset, message->reader.at, length);
  outcome->length[which] += length;
  outcome->pieces++;
}

void client_collect(struct client *client, uint32_t stream, struct outcome *outcome) {
  static struct message message;
  uint64_t ends[2] = {UINT64_MAX, UINT64_MAX};
  for (;;) {
    client_receive(client, &message);
    CHECK_EQUAL(message.frame.stream, stream);
    if (message.frame.type == FRAME_EXIT) break;
    if (message.frame.type == FRAME_WINDOW) continue;
    if (message.frame.type == FRAME_DATA) {
      take_output(&message, outcome);
    } else {
      CHECK_EQUAL(message.frame.type, FRAME_EOF);
      unsigned which = take_u8(&message.reader) - CHANNEL_OUT;
      ends[which & 1] = take_u64(&message.reader);
      CHECK(reader_is_finished(&message.reader) && ends[which & 1] == outcome->length[which & 1]);
    }
  }
  outcome->exit_code = (int32_t)take_u32(&message.reader);
  outcome->signal = take_u32(&message.reader);
  outcome->reason = take_u8(&message.reader);
  for (int i = 0; i < 2; i++) CHECK(take_u64(&message.reader) == ends[i]);
  outcome->duration_ns = take_u64(&message.reader);
  CHECK(reader_is_finished(&message.reader));
  for (int i = 0; i < 2; i++)
    if (outcome->length[i] < sizeof outcome->output[i]) outcome->output[i][outcome->length[i]] = 0;
}

struct outcome *client_run(struct client *client, uint32_t stream, uint8_t id, const char *script) {
  static struct outcome outcome;
  static struct message message;
  memset(outcome.length, 0, sizeof outcome.length);
  outcome.pieces = 0;
  send_shell(client, stream, id, 0, script);
  client_expect(client, &message, FRAME_RESULT, stream);
  for (uint8_t channel = 1; channel <= 2; channel++) send_window(client, stream, channel, 0, WINDOW_MAX);
  client_collect(client, stream, &outcome);
  for (uint8_t channel = 1; channel <= 2; channel++) {
    uint64_t length = outcome.length[channel - 1];
    send_window(client, stream, channel, length, length);
  }
  send_close(client, stream);
  return &outcome;
}

static char directory[64];

static void remove_directory(void) {
  if (*directory && fork() == 0) execlp("rm", "rm", "-rf", directory, (char *)NULL);
  wait(NULL);
}

const char *temporary_directory(void) {
  strcpy(directory, "/tmp/volary-agent-test-XXXXXX");
  CHECK(mkdtemp(directory));
  atexit(remove_directory);
  return directory;
}

void put_path(struct request *request, const char *base, const char *name) {
  char path[8192];
  snprintf(path, sizeof path, "%s%s%s", base, *name ? "/" : "", name);
  put_string(&request->writer, path);
}
