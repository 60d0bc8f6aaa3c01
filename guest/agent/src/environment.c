#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools.h"

static bool is_named(char *const *variables, const char *name) {
  size_t length = strlen(name);
  for (; *variables; variables++)
    if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=') return true;
  return false;
}

static char *variable(const char *name, const char *value) {
  size_t size = strlen(name) + strlen(value) + 2;
  char *text = malloc(size);
  if (text) snprintf(text, size, "%s=%s", name, value);
  return text;
}

char **environment_make(const struct exec_request *request, const struct account *account) {
  const char *path = tools_are_there() ? TOOLS_BIN ":" DEFAULT_PATH : DEFAULT_PATH;
  const char *const defaults[][2] = {
      {"PATH", path},    {"HOME", account->home},   {"USER", account->name},
      {"LOGNAME", account->name}, {"SHELL", account->shell}, {"TERM", "xterm-256color"},
  };
  size_t default_count = sizeof defaults / sizeof defaults[0] - (request->flags & EXEC_TTY ? 0 : 1);
  size_t asked = 0, count = 0;
  while (request->env[asked]) asked++;
  char **environment = calloc(default_count + asked + 1, sizeof *environment);
  if (!environment) return NULL;
  bool has_memory = true;
  for (size_t i = 0; i < default_count + asked && has_memory; i++) {
    bool is_default = i < default_count;
    if (is_default && is_named(request->env, defaults[i][0])) continue;
    environment[count] =
        is_default ? variable(defaults[i][0], defaults[i][1]) : strdup(request->env[i - default_count]);
    has_memory = environment[count++] != NULL;
  }
  if (has_memory) return environment;
  environment_free(environment);
  return NULL;
}

void environment_free(char **environment) {
  for (char **at = environment; at && *at; at++) free(*at);
  free(environment);
}
