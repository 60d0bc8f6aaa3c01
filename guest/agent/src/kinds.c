#include "kinds.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "session.h"
#include "stream.h"

static const struct {
  void (*open)(uint32_t id, struct reader *request);
  enum { ANYWHERE, AS_FIRST, ON_MACHINE } where;  // AS_FIRST: also as PID 1 of a container; ON_MACHINE: where the machine is the agent's own
} kinds[] = {
    [1] = {exec_open, ANYWHERE},     [2] = {read_open, ANYWHERE},   [3] = {write_open, ANYWHERE},  [4] = {list_open, ANYWHERE},
    [5] = {stat_open, ANYWHERE},     [6] = {mkdir_open, ANYWHERE},  [7] = {remove_open, ANYWHERE}, [8] = {rename_open, ANYWHERE},
    [9] = {watch_open, ANYWHERE},    [10] = {tcp_open, ANYWHERE},   [11] = {stats_open, ANYWHERE}, [12] = {identify_open, ON_MACHINE},
    [13] = {shutdown_open, AS_FIRST}, [14] = {freeze_open, ON_MACHINE}, [15] = {thaw_open, ON_MACHINE},  [16] = {prepare_open, ON_MACHINE},
    [17] = {tools_open, ON_MACHINE},
    [18] = {grow_open, ON_MACHINE},
};

static bool is_possible(int where) {
  return where == ANYWHERE || session_owns_machine() || (where == AS_FIRST && getpid() == 1);
}

void open_kind(uint8_t kind, uint32_t id, struct reader *request) {
  bool is_known = kind < sizeof kinds / sizeof kinds[0] && kinds[kind].open;
  if (!is_known || !is_possible(kinds[kind].where)) {
    send_error(id, EOPNOTSUPP, "kind %u", kind);
    return;
  }
  kinds[kind].open(id, request);
}
