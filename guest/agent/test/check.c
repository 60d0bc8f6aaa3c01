#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, SECONDS_MAX = 60 };

void check_failed(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
  exit(1);
}

void check_equal_failed(const char *file, int line, const char *what, int64_t actual, int64_t expected) {
  fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, (long long)actual, (long long)expected);
  exit(1);
}

void skip(const char *reason) {
  printf("  skipped: %s\n", reason);
  exit(SKIPPED);
}

static int run_one(const struct test *test) {
  int status;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(SECONDS_MAX);
    test->run();
    exit(0);
  }
  if (waitpid(pid, &status, 0) != pid) return 1;
  if (WIFSIGNALED(status)) fprintf(stderr, "%s: %s\n", test->name, strsignal(WTERMSIG(status)));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run_tests(const struct test *tests, int count) {
  int failed = 0;
  for (int i = 0; i < count; i++) {
    int code = run_one(&tests[i]);
    printf("%s %s\n", code == 0 ? "passed" : code == SKIPPED ? "skipped" : "FAILED", tests[i].name);
    failed += code != 0 && code != SKIPPED;
  }
  return failed > 0;
}
