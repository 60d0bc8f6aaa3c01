// Executions that are supervised: run again by their policy, with or without a host. Against a real agent.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "supervised.h"

static int64_t milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void runs_again_with_a_growing_delay(void) {
  start_agent();
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
  start_agent();
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
  start_agent();
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

static void what_a_run_leaves_is_killed_before_the_next(void) {
  start_agent();
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
  start_agent();
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

static void another_id_takes_it_over(void) {
  start_agent();
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
  start_agent();
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
          TEST(what_a_run_leaves_is_killed_before_the_next), TEST(it_is_controlled), TEST(another_id_takes_it_over),
          TEST(a_program_that_vanishes_is_told))
