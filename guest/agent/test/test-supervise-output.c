// What supervised executions write: the newest of it is kept, with or without a host. Against a real agent.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "queue.h"
#include "supervised.h"

static void goes_on_without_a_host_and_keeps_the_newest(void) {
  char script[256];
  const char *directory = temporary_directory();
  // Each run writes more than is kept, a number at its end.
  snprintf(script, sizeof script,
           "echo x >>%s/runs; head -c 3000000 /dev/zero | tr '\\0' .; echo end $(wc -l <%s/runs)", directory, directory);
  start_agent();
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

static void a_workload_never_waits_for_a_host(void) {
  char script[256];
  const char *directory = temporary_directory();
  snprintf(script, sizeof script, "head -c 20000000 /dev/zero; echo; echo last words; : >%s/done; sleep 77", directory);
  start_agent();
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

static void nothing_of_a_run_is_lost_by_the_next(void) {
  enum { RUNS = 40 };
  start_agent();
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
  start_agent();
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

RUN_TESTS(TEST(goes_on_without_a_host_and_keeps_the_newest), TEST(a_workload_never_waits_for_a_host),
          TEST(nothing_of_a_run_is_lost_by_the_next), TEST(nothing_is_lost_behind_what_a_host_has_not_taken_yet))
