// Commands: time-outs, signals, terminals, and what is left of them afterwards. Against a real agent.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

static int64_t milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void grant(uint32_t stream) {
  for (uint8_t channel = 1; channel <= 2; channel++) send_window(&client, stream, channel, 0, WINDOW_MAX);
}

static void timeouts_end_the_group(void) {
  static const char *const argv[] = {
      "sh", "-c", "trap '' TERM; (trap '' TERM; sleep 77 & wait) & echo up; wait; wait; sleep 77", NULL};
  static const char *const plain[] = {"sleep", "77", NULL};
  begin();
  send_exec(&client, 1, &(struct command){.id = 1, .timeout_ms = 50, .argv = plain});
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_collect(&client, 1, &outcome);
  CHECK_EQUAL(outcome.signal, SIGTERM);
  CHECK_EQUAL(outcome.reason, 1);

  int64_t start = milliseconds();
  memset(&outcome, 0, sizeof outcome);
  send_exec(&client, 2, &(struct command){.id = 2, .timeout_ms = 200, .argv = argv});
  grant(2);
  client_expect(&client, &message, FRAME_RESULT, 2);
  pid_t group = (pid_t)take_u32(&message.reader);
  client_collect(&client, 2, &outcome);
  CHECK_EQUAL(outcome.signal, SIGKILL);
  CHECK_EQUAL(outcome.reason, 1);
  CHECK(milliseconds() - start >= 2000 && milliseconds() - start < 5000);
  client_await_end_of_group(group);
  client_stop(&client);
}

// The command ends at once by SIGTERM; what it left in its group still gets its SIGKILL when the grace is over.
static void a_group_that_outlives_its_command_is_killed(void) {
  static const char *const argv[] = {
      "sh", "-c", "(trap '' TERM; exec >/dev/null 2>&1; sleep 77 & wait; sleep 77) & sleep 77", NULL};
  begin();
  send_exec(&client, 1, &(struct command){.id = 1, .timeout_ms = 300, .argv = argv});
  client_expect(&client, &message, FRAME_RESULT, 1);
  pid_t group = (pid_t)take_u32(&message.reader);
  client_collect(&client, 1, &outcome);
  CHECK_EQUAL(outcome.signal, SIGTERM);
  CHECK(kill(-group, 0) == 0);
  // Others are reaped meanwhile.
  CHECK_EQUAL(client_run(&client, 2, 2, "exit 5")->exit_code, 5);
  client_await_end_of_group(group);
  client_stop(&client);
}

static void background_children_do_not_delay_exit(void) {
  begin();
  int64_t start = milliseconds();
  struct outcome *done = client_run(&client, 1, 1, "sleep 30 & echo $!");
  CHECK(milliseconds() - start < 3000);
  CHECK_EQUAL(done->exit_code, 0);
  pid_t child = (pid_t)atoi(done->output[0]);
  CHECK(child > 1 && kill(child, SIGKILL) == 0);
  client_stop(&client);
}

static void send_signal(uint32_t stream, uint32_t number) {
  struct request *request = request_begin();
  put_u32(&request->writer, number);
  client_send(&client, request, FRAME_SIGNAL, stream);
}

static void signals_reach_the_group(void) {
  begin();
  send_shell(&client, 1, 1, 0, "trap 'echo caught; exit 9' USR1; echo ready; while :; do sleep 0.05; done");
  client_expect(&client, &message, FRAME_RESULT, 1);
  grant(1);
  client_expect(&client, &message, FRAME_DATA, 1);
  send_signal(1, SIGUSR1);
  memset(&outcome, 0, sizeof outcome);
  outcome.length[0] = 6;
  client_collect(&client, 1, &outcome);
  CHECK(memcmp(outcome.output[0] + 6, "caught\n", 7) == 0);
  CHECK_EQUAL(outcome.exit_code, 9);
  send_signal(1, SIGUSR1);
  client_ping(&client, 1);
  client_stop(&client);
}

static void expect_output(uint32_t stream, uint64_t *offset, const char *expected) {
  char got[4096];
  size_t length = 0;
  *got = 0;
  do {
    client_receive(&client, &message);
    CHECK_EQUAL(message.frame.stream, stream);
    if (message.frame.type == FRAME_WINDOW) continue;
    CHECK_EQUAL(message.frame.type, FRAME_DATA);
    CHECK_EQUAL(take_u8(&message.reader), 1);
    CHECK_EQUAL(take_u64(&message.reader), *offset);
    size_t more = (size_t)(message.reader.end - message.reader.at);
    CHECK(length + more < sizeof got);
    memcpy(got + length, message.reader.at, more);
    length += more;
    got[length] = 0;
    *offset += more;
  } while (!strstr(got, expected));
}

static void terminals(void) {
  static const char *const argv[] = {
      "sh", "-c", "stty size; test -t 0 && test -t 2 && tty; read x; stty size; cat; echo end >&2", NULL};
  uint64_t offset = 0;
  begin();
  send_exec(&client, 1, &(struct command){.id = 1, .flags = 3, .argv = argv, .rows = 33, .columns = 101});
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  client_expect(&client, &message, FRAME_EOF, 1);  // of channel 2, which a terminal does not use
  send_window(&client, 1, 1, 0, 100000);
  expect_output(1, &offset, "33 101\r\n/dev/pts/");
  struct request *resize = request_begin();
  put_u16(&resize->writer, 50);
  put_u16(&resize->writer, 132);
  client_send(&client, resize, FRAME_RESIZE, 1);
  send_data(&client, 1, 0, "go\n", 3);
  expect_output(1, &offset, "50 132\r\n");
  send_data(&client, 1, 3, "line\n", 5);
  expect_output(1, &offset, "line\r\nline\r\n");
  send_eof_in(&client, 1, 8);
  expect_output(1, &offset, "end\r\n");
  client_expect(&client, &message, FRAME_EOF, 1);
  client_expect(&client, &message, FRAME_EXIT, 1);
  CHECK_EQUAL(take_u32(&message.reader), 0);
  client_stop(&client);
}

static int count_children(char wanted_state) {
  int count = 0;
  const struct dirent *entry;
  DIR *directory = opendir("/proc");
  while ((entry = readdir(directory))) {
    char path[300], line[512], state;
    int parent;
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    if (end && sscanf(end, ") %c %d", &state, &parent) == 2 && parent == client.agent && state == wanted_state) count++;
  }
  closedir(directory);
  return count;
}

static void no_zombies_are_left(void) {
  begin();
  for (uint8_t i = 1; i < 30; i++) CHECK_EQUAL(client_run(&client, i, i, "exit 0")->exit_code, 0);
  CHECK_EQUAL(count_children('Z'), 0);
  client_stop(&client);
}

static void too_many_executions_are_refused(void) {
  begin();
  for (uint32_t i = 1; i <= 128; i++) {
    send_shell(&client, i, (uint8_t)i, 0, "exec sleep 60");
    client_expect(&client, &message, FRAME_RESULT, i);
  }
  send_shell(&client, 500, 200, 0, "true");
  CHECK_EQUAL(client_expect_error(&client, 500), EAGAIN);
  // One that has ended and has no stream makes room.
  send_signal(7, SIGKILL);
  client_expect(&client, &message, FRAME_EOF, 7);
  client_expect(&client, &message, FRAME_EOF, 7);
  client_expect(&client, &message, FRAME_EXIT, 7);
  client_begin(&client);
  send_shell(&client, 500, 200, 0, "true");
  client_expect(&client, &message, FRAME_RESULT, 500);
  client_stop(&client);
}

RUN_TESTS(TEST(timeouts_end_the_group), TEST(a_group_that_outlives_its_command_is_killed),
          TEST(background_children_do_not_delay_exit), TEST(signals_reach_the_group), TEST(terminals),
          TEST(no_zombies_are_left), TEST(too_many_executions_are_refused))
