#include "exec-request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// NULL when it holds a zero byte, which no C string can.
static char *copy_text(struct text text) {
  if (memchr(text.data, 0, text.length)) return NULL;
  return strndup(text.data, text.length);
}

static char **copy_list(struct reader strings, uint32_t count) {
  // A list cannot have more strings than a quarter of its frame's bytes, so this stays small.
  char **list = calloc((size_t)count + 1, sizeof *list);
  for (uint32_t i = 0; list && i < count; i++) {
    list[i] = copy_text(take_text(&strings));
    if (list[i]) continue;
    for (uint32_t made = 0; made < i; made++) free(list[made]);
    free(list);
    return NULL;
  }
  return list;
}

static bool are_variables(char *const *env) {
  for (; *env; env++)
    if (**env == '=' || !strchr(*env, '=')) return false;
  return true;
}

static void take_policy(struct reader *payload, struct restart_policy *policy) {
  policy->restart = take_u8(payload);
  policy->delay_ms = take_u32(payload);
  policy->longest_delay_ms = take_u32(payload);
  policy->steady_ms = take_u32(payload);
}

static bool can_be_supervised(const struct exec_request *request) {
  const struct restart_policy *policy = &request->policy;
  if (request->flags & (EXEC_TTY | EXEC_STDIN) || request->timeout_ms > 0) return false;
  return policy->restart <= RESTART_ALWAYS && policy->delay_ms > 0 && policy->delay_ms <= policy->longest_delay_ms;
}

int exec_request_take(struct reader *payload, struct exec_request *request) {
  *request = (struct exec_request){.id = take_bytes(payload, EXECUTION_ID_SIZE)};
  request->flags = take_u8(payload);
  request->timeout_ms = take_u32(payload);
  struct text user = take_text(payload), cwd = take_text(payload);
  uint32_t argument_count, variable_count;
  struct reader arguments = take_list(payload, &argument_count);
  struct reader variables = take_list(payload, &variable_count);
  request->rows = take_u16(payload);
  request->columns = take_u16(payload);
  request->acknowledged[0] = take_u64(payload);
  request->acknowledged[1] = take_u64(payload);
  if (request->flags & EXEC_SUPERVISED) take_policy(payload, &request->policy);
  if (!reader_is_finished(payload)) return EBADMSG;
  if (request->flags > (EXEC_TTY | EXEC_STDIN | EXEC_ATTACH | EXEC_SUPERVISED)) return EINVAL;
  if (request->flags & EXEC_SUPERVISED && !can_be_supervised(request)) return EINVAL;
  request->user = copy_text(user);
  request->cwd = copy_text(cwd);
  request->argv = copy_list(arguments, argument_count);
  request->env = copy_list(variables, variable_count);
  bool is_good = request->user && request->cwd && request->argv && request->env && are_variables(request->env);
  return is_good ? 0 : EINVAL;
}

static void free_list(char **list) {
  for (char **at = list; at && *at; at++) free(*at);
  free(list);
}

void exec_request_free(struct exec_request *request) {
  free(request->user);
  free(request->cwd);
  free_list(request->argv);
  free_list(request->env);
}
