// The smallest test framework that says what failed and where.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct test {
  const char *name;
  void (*run)(void);
};

// Runs each test in a process of its own, prints one line for each, returns the exit code for main.
int run_tests(const struct test *tests, int count);
// Ends the test: it cannot run here, for this reason.
_Noreturn void skip(const char *reason);
_Noreturn void check_failed(const char *file, int line, const char *what);
_Noreturn void check_equal_failed(const char *file, int line, const char *what, int64_t actual, int64_t expected);

#define TEST(function) {#function, function}
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
#define CHECK_EQUAL(actual, expected)                                                              \
  do {                                                                                             \
    int64_t actual_ = (int64_t)(actual), expected_ = (int64_t)(expected);                          \
    if (actual_ != expected_) check_equal_failed(__FILE__, __LINE__, #actual, actual_, expected_); \
  } while (0)
#define RUN_TESTS(...)                                              \
  int main(void) {                                                  \
    static const struct test tests[] = {__VA_ARGS__};               \
    return run_tests(tests, (int)(sizeof tests / sizeof tests[0])); \
  }
