#include "kinds.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "session.h"
#include "stream.h"

static const struct {
  void (*open)(uint32_t id, struct reader *request);
  bool needs_machine;  // only where the machine is the agent's own
} kinds[] = {
    [1] = {exec_open, false},     [2] = {read_open, false},   [3] = {write_open, false},  [4] = {list_open, false},
    [5] = {stat_open, false},     [6] = {mkdir_open, false},  [7] = {remove_open, false}, [8] = {rename_open, false},
    [9] = {watch_open, false},    [10] = {tcp_open, false},   [11] = {stats_open, false}, [12] = {identify_open, true},
    [13] = {shutdown_open, true}, [14] = {freeze_open, true}, [15] = {thaw_open, true},  [16] = {prepare_open, true},
    [17] = {tools_open, true},
    [18] = {grow_open, true},
};

void open_kind(uint8_t kind, uint32_t id, struct reader *request) {
  bool is_known = kind < sizeof kinds / sizeof kinds[0] && kinds[kind].open;
  if (!is_known || (kinds[kind].needs_machine && !session_owns_machine())) {
    send_error(id, EOPNOTSUPP, "kind %u", kind);
    return;
  }
  kinds[kind].open(id, request);
}
