// Windows: who does not read holds up nobody else, nothing is lost, memory is bounded. Against a real agent.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "client.h"

static struct client client;
static struct message message;
static struct outcome outcome;

static void begin(void) {
  client_start(&client);
  client_begin(&client);
}

static void nothing_is_sent_without_a_window(void) {
  begin();
  send_shell(&client, 1, 1, 0, "echo hello");
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_expect(&client, &message, FRAME_EOF, 1);  // of standard error, which is empty
  client_expect_silence(&client, 50);
  send_window(&client, 1, 1, 0, 2);
  client_expect(&client, &message, FRAME_DATA, 1);
  CHECK_EQUAL(message.frame.length, DATA_HEADER + 2);
  client_expect_silence(&client, 20);
  send_window(&client, 1, 1, 0, 2);  // again: no harm
  send_window(&client, 1, 1, 0, 1);  // late: no harm
  client_expect_silence(&client, 20);
  send_window(&client, 1, 1, 2, 6);
  client_expect(&client, &message, FRAME_DATA, 1);
  CHECK_EQUAL(message.frame.length, DATA_HEADER + 4);
  client_expect(&client, &message, FRAME_EOF, 1);
  client_expect(&client, &message, FRAME_EXIT, 1);
  client_stop(&client);
}

static void too_large_windows_are_violations(void) {
  static const uint64_t windows[][2] = {{0, WINDOW_MAX + 1}, {1, 10}, {UINT64_MAX, UINT64_MAX}, {0, UINT64_MAX}};
  begin();
  for (uint32_t i = 0; i < 4; i++) {
    send_shell(&client, 1, (uint8_t)(i + 1), 2, "read x");
    client_expect(&client, &message, FRAME_RESULT, 1);
    client_expect(&client, &message, FRAME_WINDOW, 1);
    send_window(&client, 1, 1, windows[i][0], windows[i][1]);
    client_expect_session_end(&client);
  }
  client_ping(&client, 1);
  client_stop(&client);
}

static void data_past_the_limit_is_a_violation(void) {
  static uint8_t data[DATA_MAX];
  begin();
  send_shell(&client, 1, 1, 2, "exec sleep 60");
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  take_bytes(&message.reader, 9);
  uint64_t sent = 0, limit = take_u64(&message.reader);
  // What the pipe took has been granted anew; the rest is kept, and then it is enough.
  for (;;) {
    for (; sent < limit; sent += DATA_MAX) send_data(&client, 1, sent, data, DATA_MAX);
    struct request *ping = request_begin();
    put_u64(&ping->writer, 7);
    client_send(&client, ping, FRAME_PING, 0);
    client_receive(&client, &message);
    if (message.frame.type == FRAME_PONG) break;
    take_bytes(&message.reader, 9);
    limit = take_u64(&message.reader);
    client_expect(&client, &message, FRAME_PONG, 0);
  }
  CHECK(limit <= 65536 + 256 * 1024);
  send_data(&client, 1, sent, "x", 1);
  client_expect_session_end(&client);
  client_stop(&client);
}

static void a_blocked_stream_blocks_no_other(void) {
  begin();
  for (uint32_t stream = 1; stream <= 5; stream++) {
    send_shell(&client, stream, (uint8_t)stream, 0, "exec yes");
    client_expect(&client, &message, FRAME_RESULT, stream);
  }
  client_ping(&client, 1);
  CHECK(strcmp(client_run(&client, 10, 10, "echo through")->output[0], "through\n") == 0);
  send_window(&client, 1, 1, 0, 70000);
  for (size_t got = 0; got < 70000; got += message.frame.length - DATA_HEADER)
    client_expect(&client, &message, FRAME_DATA, 1);
  CHECK(strcmp(client_run(&client, 11, 11, "echo again")->output[0], "again\n") == 0);
  client_stop(&client);
}

static int64_t size_of(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? status.st_size : 0;
}

// 3 MiB are written while nobody reads: 1 MiB is kept, the command waits, and in the end every byte comes, once.
static void output_is_kept_up_to_a_mebibyte_and_none_is_lost(void) {
  enum { TOTAL = 3 << 20 };
  char script[512], progress[128];
  const char *directory = temporary_directory();
  snprintf(progress, sizeof progress, "%s/progress", directory);
  snprintf(script, sizeof script,
           "i=0; while [ $i -lt 768 ]; do printf '%%04095d\\n' $i; i=$((i+1)); printf x >>%s; done", progress);
  begin();
  send_shell(&client, 1, 1, 0, script);
  client_expect(&client, &message, FRAME_RESULT, 1);
  // It stops: at 1 MiB and what the pipe itself holds (64 KiB).
  int64_t written = -1;
  for (int same = 0; same < 5; same++) {
    usleep(100000);
    int64_t now = size_of(progress);
    if (now != written) same = 0;
    written = now;
  }
  CHECK(written * 4096 >= 1 << 20);
  CHECK(written * 4096 <= (1 << 20) + 2 * 65536);

  uint64_t got = 0;
  int number = 0, column = 0, value = 0;
  send_window(&client, 1, 1, 0, WINDOW_MAX);
  for (;;) {
    client_receive(&client, &message);
    if (message.frame.type == FRAME_EXIT) break;
    if (message.frame.type != FRAME_DATA) continue;
    CHECK_EQUAL(take_u8(&message.reader), 1);
    CHECK(take_u64(&message.reader) == got);
    for (; message.reader.at < message.reader.end; got++) {
      uint8_t byte = *message.reader.at++;
      if (++column == 4096) {
        CHECK(byte == '\n' && value == number);
        number++;
        column = value = 0;
      } else {
        value = value * 10 + byte - '0';
      }
    }
    send_window(&client, 1, 1, got, got + WINDOW_MAX);
  }
  CHECK_EQUAL(got, TOTAL);
  client_stop(&client);
}

// The same without any host: the session is lost in the middle and taken up again.
static void output_is_kept_while_no_host_is_there(void) {
  begin();
  send_shell(&client, 1, 1, 0, "seq 1 100000; echo done >&2");
  client_expect(&client, &message, FRAME_RESULT, 1);
  send_window(&client, 1, 1, 0, 100000);
  size_t got = 0;
  static char all[600000];
  while (got < 100000) {
    client_expect(&client, &message, FRAME_DATA, 1);
    take_u8(&message.reader);
    CHECK(take_u64(&message.reader) == got);
    size_t more = (size_t)(message.reader.end - message.reader.at);
    memcpy(all + got, message.reader.at, more);
    got += more;
  }
  // Half of it was safely kept, the rest was lost with the host.
  uint64_t kept = got / 2;
  client_begin(&client);
  const char *const argv[] = {NULL};
  send_exec(&client, 7, &(struct command){.id = 1, .flags = 4, .argv = argv, .acknowledged = {kept, 0}});
  client_expect(&client, &message, FRAME_RESULT, 7);
  for (uint8_t channel = 1; channel <= 2; channel++)
    send_window(&client, 7, channel, channel == 1 ? kept : 0, WINDOW_MAX);
  memset(&outcome, 0, sizeof outcome);
  outcome.length[0] = kept;
  client_collect(&client, 7, &outcome);
  CHECK_EQUAL(outcome.length[0], 588895);
  CHECK(memcmp(outcome.output[0] + kept, all + kept, got - kept) == 0);
  CHECK(memcmp(outcome.output[0] + 588895 - 7, "100000\n", 7) == 0);
  CHECK(strcmp(outcome.output[1], "done\n") == 0);
  client_stop(&client);
}

static long resident_kib(pid_t pid) {
  char path[64], line[256];
  long kib = 0;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kib);
  if (file) fclose(file);
  return kib;
}

// Many streams that nobody reads: each keeps its bound, all together keep theirs.
static void memory_is_bounded(void) {
  enum { COMMANDS = 120 };
  begin();
  for (uint32_t i = 1; i <= COMMANDS; i++) {
    send_shell(&client, i, (uint8_t)i, 0, "yes >&2 & exec yes");
    client_expect(&client, &message, FRAME_RESULT, i);
  }
  // Until it grows no more.
  long before, after = 0;
  do {
    usleep(300000);
    before = after;
    after = resident_kib(client.agent);
  } while (after > before + 512);
  // Without a bound for all together it would be 240 MiB. With it 64, 64 KiB for each, and the sanitizer's own
  // bookkeeping.
  CHECK(after < 160 * 1024);
  client_ping(&client, 1);
  client_stop(&client);
}

// The host writes more than it reads answers: the agent stops reading, neither side loses anything.
static void unread_answers_stop_requests(void) {
  enum { REQUESTS = 4000 };
  begin();
  pid_t writer = fork();
  if (writer == 0) {
    for (uint32_t i = 1; i <= REQUESTS; i++) {
      struct request *request = request_begin();
      put_u8(&request->writer, 11);
      client_send(&client, request, FRAME_OPEN, i);
    }
    _exit(0);
  }
  usleep(300000);
  for (uint32_t i = 1; i <= REQUESTS; i++) {
    client_expect(&client, &message, FRAME_RESULT, i);
    CHECK_EQUAL(message.frame.length, 16 * 8 + 4 * 4);
  }
  CHECK_EQUAL(waitpid(writer, NULL, 0), writer);
  client_stop(&client);
}

static void too_many_streams_are_refused(void) {
  begin();
  char path[128];
  snprintf(path, sizeof path, "%s/pipe", temporary_directory());
  CHECK(mkfifo(path, 0600) == 0);
  for (uint32_t i = 1; i <= 257; i++) {
    struct request *request = request_begin();
    put_u8(&request->writer, 2);
    put_string(&request->writer, path);
    put_u64(&request->writer, 0);
    put_u64(&request->writer, 10);
    client_send(&client, request, FRAME_OPEN, i);
    if (i <= 256) client_expect(&client, &message, FRAME_RESULT, i);
  }
  CHECK_EQUAL(client_expect_error(&client, 257), EMFILE);
  send_close(&client, 100);
  CHECK_EQUAL(client_run(&client, 300, 1, "exit 4")->exit_code, 4);
  client_stop(&client);
}

RUN_TESTS(TEST(nothing_is_sent_without_a_window), TEST(too_large_windows_are_violations),
          TEST(data_past_the_limit_is_a_violation), TEST(a_blocked_stream_blocks_no_other),
          TEST(output_is_kept_up_to_a_mebibyte_and_none_is_lost), TEST(output_is_kept_while_no_host_is_there),
          TEST(memory_is_bounded), TEST(unread_answers_stop_requests), TEST(too_many_streams_are_refused))
