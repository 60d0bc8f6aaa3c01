// Commands: started once, however often they are asked for; their output and input go on where they were cut. Against a
// real agent.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void grant(uint32_t stream) {
  for (uint8_t channel = 1; channel <= 2; channel++) send_window(&client, stream, channel, 0, WINDOW_MAX);
}

static void output_and_exit_code(void) {
  begin();
  struct outcome *done = client_run(&client, 1, 1, "echo hello; echo problem >&2; exit 7");
  CHECK(strcmp(done->output[0], "hello\n") == 0);
  CHECK(strcmp(done->output[1], "problem\n") == 0);
  CHECK_EQUAL(done->exit_code, 7);
  CHECK_EQUAL(done->signal, 0);
  CHECK_EQUAL(done->reason, 0);
  done = client_run(&client, 2, 2, "kill -SEGV $$");
  CHECK_EQUAL(done->exit_code, -1);
  CHECK_EQUAL(done->signal, SIGSEGV);
  client_stop(&client);
}

static void lines_written_one_by_one_are_sent_together(void) {
  enum { LINES = 2000, GATHERED_NS = 2000000 };
  begin();
  struct outcome *done =
      client_run(&client, 1, 1, "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $((1000000+i)); done");
  CHECK_EQUAL(done->length[0], LINES * strlen("1000001\n"));
  for (int i = 0; i < LINES; i++) CHECK_EQUAL(strtol(done->output[0] + 8 * i, NULL, 10), 1000001 + i);
  // One at once, after each pause one and, where that was large, another; and what was left in the end.
  CHECK(done->pieces <= 2 * (done->duration_ns / GATHERED_NS) + 3);
  client_stop(&client);
}

static void environment_directory_and_user(void) {
  static const char *const argv[] = {"sh", "-c", "pwd; echo $HOME:$USER:$A:$PATH:${TERM-none}; id -un; umask", NULL};
  static const char *const env[] = {"A=b c", "PATH=/usr/bin:/bin", NULL};
  if (geteuid() != 0) skip("only root may become another user");
  begin();
  send_exec(&client, 1, &(struct command){.id = 1, .cwd = "/usr", .argv = argv, .env = env});
  grant(1);
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_collect(&client, 1, &outcome);
  CHECK(strcmp(outcome.output[0], "/usr\n/root:root:b c:/usr/bin:/bin:none\nroot\n0022\n") == 0);
  static const char *const whoami[] = {"sh", "-c", "id -un; id -gn; pwd; echo $HOME", NULL};
  send_exec(&client, 2, &(struct command){.id = 2, .user = "daemon", .cwd = "/tmp", .argv = whoami});
  grant(2);
  client_expect(&client, &message, FRAME_RESULT, 2);
  memset(outcome.length, 0, sizeof outcome.length);
  client_collect(&client, 2, &outcome);
  CHECK(strcmp(outcome.output[0], "daemon\ndaemon\n/tmp\n/usr/sbin\n") == 0);
  client_stop(&client);
}

static int start_error(uint8_t id, const struct command *command) {
  send_exec(&client, id, command);
  return client_expect_error(&client, id);
}

static void what_cannot_be_started_leaves_the_id_free(void) {
  static const char *const missing[] = {"/no/such/program", NULL}, *const directory[] = {"/etc", NULL},
                           *const none[] = {NULL};
  static const char *const program[] = {"true", NULL}, *const bad_env[] = {"NOVALUE", NULL};
  begin();
  CHECK_EQUAL(start_error(1, &(struct command){.id = 1, .argv = missing}), ENOENT);
  CHECK_EQUAL(start_error(2, &(struct command){.id = 1, .argv = directory}), EACCES);
  CHECK_EQUAL(start_error(3, &(struct command){.id = 1, .argv = program, .user = "nobody-here"}), ENOENT);
  CHECK_EQUAL(start_error(4, &(struct command){.id = 1, .argv = program, .cwd = "/no/such"}), ENOENT);
  CHECK_EQUAL(start_error(5, &(struct command){.id = 1, .argv = none}), EINVAL);
  CHECK_EQUAL(start_error(6, &(struct command){.id = 1, .argv = program, .env = bad_env}), EINVAL);
  CHECK_EQUAL(start_error(7, &(struct command){.id = 1, .argv = program, .flags = 8}), EINVAL);
  CHECK_EQUAL(start_error(8, &(struct command){.id = 1, .argv = program, .flags = 4}), ESRCH);
  CHECK_EQUAL(start_error(9, &(struct command){.id = 1, .argv = program, .acknowledged = {1, 0}}), ESRCH);
  CHECK_EQUAL(client_run(&client, 10, 1, "exit 3")->exit_code, 3);
  client_stop(&client);
}

static void a_repeated_open_starts_nothing(void) {
  char script[256];
  const char *directory = temporary_directory();
  snprintf(script, sizeof script, "echo x >>%s/runs; sleep 0.2; cat %s/runs", directory, directory);
  begin();
  send_shell(&client, 1, 5, 0, script);
  client_expect(&client, &message, FRAME_RESULT, 1);
  uint32_t pid = take_u32(&message.reader);
  CHECK_EQUAL(take_u8(&message.reader), 0);

  // Asked again in the same session: it has a stream already.
  send_shell(&client, 2, 5, 0, script);
  CHECK_EQUAL(client_expect_error(&client, 2), EBUSY);
  // In new ones: the same execution each time.
  for (int i = 0; i < 3; i++) {
    client_begin(&client);
    send_shell(&client, 3, 5, 0, script);
    client_expect(&client, &message, FRAME_RESULT, 3);
    CHECK_EQUAL(take_u32(&message.reader), pid);
    CHECK_EQUAL(take_u8(&message.reader), 1);
  }
  grant(3);
  client_collect(&client, 3, &outcome);
  CHECK(strcmp(outcome.output[0], "x\n") == 0);
  send_window(&client, 3, 1, 2, 2);
  send_close(&client, 3);
  // Known for good, but gone.
  send_shell(&client, 4, 5, 0, script);
  CHECK_EQUAL(client_expect_error(&client, 4), EALREADY);
  client_stop(&client);
}

// The link is cut anywhere in the request, even right after it; asked again, the command has run once and no more.
static void a_request_cut_at_any_byte_runs_once(void) {
  char script[192], runs[128];
  const char *directory = temporary_directory();
  snprintf(runs, sizeof runs, "%s/runs", directory);
  snprintf(script, sizeof script, "echo x >>%s", runs);
  const char *const argv[] = {"sh", "-c", script, NULL};
  struct command command = {.argv = argv};
  begin();
  size_t length = 0;
  for (size_t cut = 0; cut <= length; cut++) {
    struct request *request = request_begin();
    command.id = (uint8_t)(cut + 1);
    put_command(request, &command);
    length = request_seal(&client, request, FRAME_OPEN, 1);
    client_send_bytes(&client, request->bytes, cut);
    client_begin(&client);
    send_exec(&client, 1, &command);
    client_expect(&client, &message, FRAME_RESULT, 1);
    memset(&outcome, 0, sizeof outcome);
    client_collect(&client, 1, &outcome);
    CHECK_EQUAL(outcome.exit_code, 0);
    send_close(&client, 1);
    struct stat status;
    CHECK(stat(runs, &status) == 0);
    CHECK_EQUAL(status.st_size, 2 * (cut + 1));
  }
  client_stop(&client);
}

// The host is cut off anywhere in the output, and says what it has kept: it gets the rest, each byte once.
static void output_goes_on_from_what_was_acknowledged(void) {
  static const char text[] = "The quick brown fox jumps over the lazy dog.\n";
  begin();
  send_shell(&client, 1, 9, 0, "echo 'The quick brown fox jumps over the lazy dog.'; echo err >&2");
  client_expect(&client, &message, FRAME_RESULT, 1);
  for (uint64_t kept = 0; kept < sizeof text - 1; kept++) {
    client_begin(&client);
    const char *const argv[] = {"unused", NULL};
    send_exec(&client, 2, &(struct command){.id = 9, .flags = 4, .argv = argv, .acknowledged = {kept, 0}});
    grant(2);
    client_expect(&client, &message, FRAME_RESULT, 2);
    memset(outcome.length, 0, sizeof outcome.length);
    outcome.length[0] = kept;
    client_collect(&client, 2, &outcome);
    CHECK_EQUAL(outcome.length[0], sizeof text - 1);
    CHECK(memcmp(outcome.output[0] + kept, text + kept, sizeof text - 1 - kept) == 0);
    CHECK(strcmp(outcome.output[1], "err\n") == 0);
    CHECK_EQUAL(outcome.exit_code, 0);
  }
  // More than there is cannot have been kept.
  client_begin(&client);
  const char *const argv[] = {NULL};
  send_exec(&client, 2, &(struct command){.id = 9, .flags = 4, .argv = argv, .acknowledged = {1000, 0}});
  CHECK_EQUAL(client_expect_error(&client, 2), EINVAL);
  client_stop(&client);
}

static void close_before_the_end_detaches(void) {
  begin();
  send_shell(&client, 1, 3, 2, "read line; echo got $line");
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  send_close(&client, 1);
  send_shell(&client, 2, 3, 4, "");
  client_expect(&client, &message, FRAME_RESULT, 2);
  client_expect(&client, &message, FRAME_WINDOW, 2);
  send_data(&client, 2, 0, "it\n", 3);
  grant(2);
  client_collect(&client, 2, &outcome);
  CHECK(strcmp(outcome.output[0], "got it\n") == 0);
  client_stop(&client);
}

// Attached again, the agent says how much input it has, and goes on from there.
static void input_goes_on_after_a_reconnect(void) {
  begin();
  send_shell(&client, 1, 4, 2, "cat");
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  send_data(&client, 1, 0, "abc", 3);
  client_ping(&client, 1);
  client_begin(&client);
  send_shell(&client, 1, 4, 2, "cat");
  client_expect(&client, &message, FRAME_RESULT, 1);
  take_u32(&message.reader);
  CHECK_EQUAL(take_u8(&message.reader), 1);
  CHECK_EQUAL(take_u64(&message.reader), 3);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  send_data(&client, 1, 3, "def", 3);
  send_eof_in(&client, 1, 6);
  grant(1);
  client_collect(&client, 1, &outcome);
  CHECK(strcmp(outcome.output[0], "abcdef") == 0);
  client_stop(&client);
}

static void input_to_who_does_not_read_it_is_swallowed(void) {
  static uint8_t much[DATA_MAX];
  begin();
  send_shell(&client, 1, 1, 2, "exec <&-; sleep 0.1; echo done");
  client_expect(&client, &message, FRAME_RESULT, 1);
  uint64_t sent = 0;
  grant(1);
  while (sent < 3u << 20) {
    client_receive(&client, &message);
    if (message.frame.type != FRAME_WINDOW) break;
    CHECK_EQUAL(take_u8(&message.reader), 0);
    take_u64(&message.reader);
    for (uint64_t limit = take_u64(&message.reader); sent + DATA_MAX <= limit; sent += DATA_MAX)
      send_data(&client, 1, sent, much, DATA_MAX);
  }
  client_stop(&client);
}

RUN_TESTS(TEST(output_and_exit_code), TEST(lines_written_one_by_one_are_sent_together), TEST(environment_directory_and_user),
          TEST(what_cannot_be_started_leaves_the_id_free), TEST(a_repeated_open_starts_nothing),
          TEST(a_request_cut_at_any_byte_runs_once), TEST(output_goes_on_from_what_was_acknowledged),
          TEST(close_before_the_end_detaches), TEST(input_goes_on_after_a_reconnect),
          TEST(input_to_who_does_not_read_it_is_swallowed))
