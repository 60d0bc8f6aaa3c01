// Executions that are supervised: run again by their policy, with or without a host, the newest of their output kept.
// Against a real agent.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "client.h"
#include "queue.h"

enum { SUPERVISED = 8, ATTACH = 4, NEVER = 0, ON_FAILURE = 1, ALWAYS = 2 };
enum { RUNNING = 1, WAITING = 2, ENDED = 3, END = 1, RUN_AGAIN = 2 };

static struct client client;
static struct message message;

struct state {
  uint8_t state;
  uint32_t runs, pid;
  int32_t exit_code;
  uint32_t signal;
  uint64_t exited_at, next_in, starts[2];
};

// What a stream has brought so far.
static struct {
  uint32_t id;
  uint64_t from[2], to[2];
  char text[2][16 << 20];
  struct state state;
  bool has_exited;
  int32_t exit_code;
} heard;

static int64_t milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void begin(void) {
  client_start(&client);
  client_begin(&client);
}

static void grant(void) {
  for (uint8_t i = 0; i < 2; i++)
    send_window(&client, heard.id, (uint8_t)(i + 1), heard.to[i], heard.to[i] + WINDOW_MAX);
}

static uint8_t ask(uint32_t stream, const struct command *command) {
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

static uint8_t supervise(uint32_t stream, uint8_t id, uint8_t restart, uint32_t delay_ms, const char *script) {
  const char *const argv[] = {"sh", "-c", script, NULL};
  return ask(stream, &(struct command){.id = id,
                                       .flags = SUPERVISED,
                                       .argv = argv,
                                       .restart = restart,
                                       .delay_ms = delay_ms,
                                       .longest_delay_ms = 8 * delay_ms,
                                       .steady_ms = 10000});
}

static uint8_t attach(uint32_t stream, uint8_t id, uint64_t out, uint64_t err) {
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

static void hear(void) {
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

static void await_runs(uint8_t state, uint32_t runs) {
  while (heard.state.state != state || heard.state.runs < runs) hear();
  CHECK_EQUAL(heard.state.runs, runs);
}

static void await_text(unsigned which, const char *text) {
  while (!strstr(heard.text[which], text)) hear();
}

static void await_exit(void) {
  while (!heard.has_exited) hear();
}

static void control(uint8_t what, uint32_t grace_ms) {
  struct request *request = request_begin();
  put_u8(&request->writer, what);
  put_u32(&request->writer, grace_ms);
  client_send(&client, request, FRAME_CONTROL, heard.id);
}

static void runs_again_with_a_growing_delay(void) {
  begin();
  int64_t start = milliseconds();
  CHECK_EQUAL(supervise(1, 1, ALWAYS, 50, "echo run; echo problem >&2; exit 3"), 0);
  await_runs(RUNNING, 1);
  CHECK_EQUAL(heard.state.exited_at, 0);
  await_runs(WAITING, 4);
  CHECK_EQUAL(heard.state.exit_code, 3);
  CHECK(heard.state.exited_at > 0 && heard.state.next_in > 0);
  // 50, 100 and 200 ms lie between four runs.
  CHECK(milliseconds() - start >= 350);
  await_text(0, "run\nrun\nrun\nrun\n");
  await_text(1, "problem\nproblem\nproblem\nproblem\n");
  CHECK_EQUAL(heard.state.starts[0], 12);
  client_stop(&client);
}

static void a_policy_is_kept(void) {
  begin();
  supervise(1, 1, ON_FAILURE, 10, "test -e /proc/self/fd/9 || exit 0");
  await_exit();
  CHECK_EQUAL(heard.exit_code, 0);
  CHECK_EQUAL(heard.state.state, ENDED);
  send_close(&client, 1);
  // Known for good.
  send_shell(&client, 2, 1, 0, "true");
  CHECK_EQUAL(client_expect_error(&client, 2), EALREADY);
  supervise(3, 3, NEVER, 10, "exit 7");
  await_exit();
  CHECK_EQUAL(heard.exit_code, 7);
  send_close(&client, 3);
  supervise(4, 4, ON_FAILURE, 10, "exit 7");
  await_runs(RUNNING, 2);
  send_close(&client, 4);
  client_stop(&client);
}

static void wrong_requests_start_nothing(void) {
  static const char *const argv[] = {"true", NULL}, *const none[] = {"/nonexistent", NULL};
  const struct command good = {.id = 1, .flags = SUPERVISED, .argv = argv, .delay_ms = 1, .longest_delay_ms = 1};
  struct command wrong[7];
  begin();
  for (int i = 0; i < 7; i++) wrong[i] = good;
  wrong[0].flags |= 1;
  wrong[1].flags |= 2;
  wrong[2].timeout_ms = 5;
  wrong[3].restart = 3;
  wrong[4].delay_ms = 0;
  wrong[5].delay_ms = 2;
  wrong[6].argv = none;
  for (uint32_t i = 0; i < 7; i++) {
    send_exec(&client, i + 1, &wrong[i]);
    CHECK_EQUAL(client_expect_error(&client, i + 1), i == 6 ? ENOENT : EINVAL);
  }
  supervise(9, 2, ALWAYS, 10, "sleep 77");
  await_runs(RUNNING, 1);
  // Neither is the other.
  send_shell(&client, 10, 2, 0, "true");
  CHECK_EQUAL(client_expect_error(&client, 10), EINVAL);
  client_stop(&client);
}

static void goes_on_without_a_host_and_keeps_the_newest(void) {
  char script[256];
  const char *directory = temporary_directory();
  // Each run writes more than is kept, a number at its end.
  snprintf(script, sizeof script,
           "echo x >>%s/runs; head -c 3000000 /dev/zero | tr '\\0' .; echo end $(wc -l <%s/runs)", directory, directory);
  begin();
  supervise(1, 5, ALWAYS, 1, script);
  await_runs(RUNNING, 1);
  client_send_sync(&client);
  client_await_echo(&client);
  char path[128];
  struct stat status = {0};
  snprintf(path, sizeof path, "%s/runs", directory);
  for (int i = 0; status.st_size < 2 * 9; i++) {
    CHECK(i < 3000);
    usleep(10000);
    stat(path, &status);
  }
  static struct message answer;
  client_hello(&client, 1, 1, &answer);
  // Asked for anew, as a server does that does not know whether it was heard: nothing is started twice.
  const char *const argv[] = {"sh", "-c", script, NULL};
  const struct command again = {.id = 5,
                                .flags = SUPERVISED,
                                .argv = argv,
                                .restart = ALWAYS,
                                .delay_ms = 1,
                                .longest_delay_ms = 8,
                                .steady_ms = 10000};
  CHECK_EQUAL(ask(2, &again), 1);
  CHECK(heard.from[0] > 3000000);
  hear();
  CHECK_EQUAL(message.frame.type, FRAME_EVENT);
  CHECK(heard.state.runs >= 9);
  await_text(0, "end ");
  uint64_t kept = heard.to[0] - heard.from[0];
  CHECK(kept <= (8 << 20) + 3000020);
  client_stop(&client);
}

static void await_file(const char *directory, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  for (int i = 0; access(path, F_OK) != 0; i++) {
    CHECK(i < 3000);
    usleep(10000);
  }
}

static void a_workload_never_waits_for_a_host(void) {
  char script[256];
  const char *directory = temporary_directory();
  snprintf(script, sizeof script, "head -c 20000000 /dev/zero; echo; echo last words; : >%s/done; sleep 77", directory);
  begin();
  supervise(1, 1, ALWAYS, 10, script);
  await_runs(RUNNING, 1);
  client_begin(&client);
  await_file(directory, "done");
  attach(2, 1, 0, 0);
  CHECK(heard.from[0] >= 20000000 - (8 << 20));
  // A machine with less memory keeps less, but not as little as what waits for a host that is there.
  CHECK(heard.from[0] < 20000000 - (1 << 20) - QUEUE_BLOCK);
  while (heard.to[0] < 20000012) hear();
  CHECK(memcmp(heard.text[0] + heard.to[0] - heard.from[0] - 11, "last words\n", 11) == 0);
  client_stop(&client);
}

static void what_a_run_leaves_is_killed_before_the_next(void) {
  begin();
  supervise(1, 1, ALWAYS, 10, "sleep 77 & echo $!; exit 1");
  await_runs(RUNNING, 2);
  await_text(0, "\n");
  int left = atoi(heard.text[0]);
  CHECK(left > 1);
  for (int i = 0; kill(left, 0) == 0; i++) {
    char path[64], line[256] = "";
    // Who reaps it is not the agent here: it is dead as soon as it is a zombie.
    snprintf(path, sizeof path, "/proc/%d/stat", left);
    FILE *file = fopen(path, "re");
    if (!file) break;
    CHECK(fgets(line, sizeof line, file));
    fclose(file);
    if (strstr(line, ") Z")) break;
    CHECK(i < 3000);
    usleep(10000);
  }
  client_stop(&client);
}

static void it_is_controlled(void) {
  begin();
  supervise(1, 1, ALWAYS, 5000, "trap 'echo asked; exit 9' TERM; echo up; while :; do sleep 0.01; done");
  await_text(0, "up\n");
  control(RUN_AGAIN, 5000);
  await_runs(RUNNING, 2);
  CHECK_EQUAL(heard.state.exit_code, 9);
  await_text(0, "asked\nup\n");
  control(END, 5000);
  await_exit();
  CHECK_EQUAL(heard.exit_code, 9);
  // Over already: nothing comes of it.
  control(RUN_AGAIN, 0);
  client_ping(&client, 5);
  send_close(&client, 1);

  // From a wait that would be long it is taken at once.
  supervise(2, 2, ALWAYS, 60000, "exit 1");
  await_runs(WAITING, 1);
  control(RUN_AGAIN, 0);
  await_runs(WAITING, 2);
  control(END, 0);
  await_exit();

  // One that does not heed is killed when the grace is over.
  supervise(3, 3, ALWAYS, 60000, "trap '' TERM; echo up; while :; do sleep 0.01; done");
  await_text(0, "up\n");
  control(END, 100);
  await_exit();
  CHECK_EQUAL(heard.state.signal, SIGKILL);
  control(7, 0);
  client_expect_session_end(&client);
  client_stop(&client);
}

static void nothing_of_a_run_is_lost_by_the_next(void) {
  enum { RUNS = 40 };
  begin();
  supervise(1, 1, ALWAYS, 1, "echo one; echo two; echo three >&2; exit 1");
  await_runs(RUNNING, RUNS);
  control(END, 0);
  await_exit();
  static const char both[] = "one\ntwo\n";
  for (unsigned i = 0; i + 1 < RUNS; i++) {
    CHECK(memcmp(heard.text[0] + i * strlen(both), both, strlen(both)) == 0);
    CHECK(memcmp(heard.text[1] + i * strlen("three\n"), "three\n", strlen("three\n")) == 0);
  }
  client_stop(&client);
}

static void nothing_is_lost_behind_what_a_host_has_not_taken_yet(void) {
  char script[512], path[128];
  const char *directory = temporary_directory();
  snprintf(script, sizeof script,
           "cd %s; test -e written && { : >again; exec sleep 77; }; head -c 2000000 /dev/zero; : >written;"
           "while ! test -e go; do sleep 0.01; done; echo last words; exit 1",
           directory);
  begin();
  supervise(1, 1, ALWAYS, 10, script);
  await_runs(RUNNING, 1);
  client_begin(&client);
  await_file(directory, "written");
  attach(2, 1, 0, 0);
  snprintf(path, sizeof path, "%s/go", directory);
  fclose(fopen(path, "we"));
  // The host is slow: the next run begins before it has taken anything.
  await_file(directory, "again");
  CHECK_EQUAL(heard.from[0], 0);
  while (heard.to[0] < 2000011) hear();
  CHECK(memcmp(heard.text[0] + 2000000, "last words\n", 11) == 0);
  client_stop(&client);
}

static void another_id_takes_it_over(void) {
  begin();
  supervise(1, 1, ALWAYS, 10, "echo before; while :; do sleep 0.01; done");
  await_text(0, "before\n");
  uint32_t pid = heard.state.pid;
  // It has a stream: two hosts do not share it.
  static const char *const argv[] = {"true", NULL};
  send_exec(&client, 2,
            &(struct command){.id = 2, .flags = SUPERVISED, .argv = argv, .delay_ms = 1, .longest_delay_ms = 1});
  CHECK_EQUAL(client_expect_error(&client, 2), EBUSY);
  client_begin(&client);
  CHECK_EQUAL(supervise(3, 2, ALWAYS, 10, "echo never run"), 1);
  CHECK_EQUAL(heard.from[0], 0);
  while (heard.state.runs == 0) hear();
  CHECK_EQUAL(heard.state.pid, pid);
  control(RUN_AGAIN, 0);
  await_text(0, "before\n");
  // By the former one nobody finds it.
  send_exec(&client, 4, &(struct command){.id = 1, .flags = SUPERVISED | ATTACH, .delay_ms = 1, .longest_delay_ms = 1});
  CHECK_EQUAL(client_expect_error(&client, 4), ESRCH);
  client_stop(&client);
}

static void a_program_that_vanishes_is_told(void) {
  char script[128];
  const char *directory = temporary_directory();
  snprintf(script, sizeof script, "%s/program", directory);
  FILE *file = fopen(script, "we");
  CHECK(file && fprintf(file, "#!/bin/sh\nrm \"$0\"\n") > 0);
  fclose(file);
  chmod(script, 0755);
  const char *const argv[] = {script, NULL};
  begin();
  ask(1, &(struct command){.id = 1,
                           .flags = SUPERVISED,
                           .argv = argv,
                           .restart = ALWAYS,
                           .delay_ms = 10,
                           .longest_delay_ms = 10});
  await_runs(WAITING, 2);
  CHECK_EQUAL(heard.state.exit_code, 127);
  await_text(1, "program: No such file or directory\n");
  client_stop(&client);
}

RUN_TESTS(TEST(runs_again_with_a_growing_delay), TEST(a_policy_is_kept), TEST(wrong_requests_start_nothing),
          TEST(goes_on_without_a_host_and_keeps_the_newest), TEST(a_workload_never_waits_for_a_host),
          TEST(what_a_run_leaves_is_killed_before_the_next), TEST(it_is_controlled), TEST(nothing_of_a_run_is_lost_by_the_next),
          TEST(nothing_is_lost_behind_what_a_host_has_not_taken_yet), TEST(another_id_takes_it_over),
          TEST(a_program_that_vanishes_is_told))
