// PREPARE: the machine is about to be saved, and whatever is restored from it is to be one of its own.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "boot.h"
#include "execution.h"
#include "kinds.h"
#include "path.h"
#include "session.h"
#include "stream.h"
#include "unary.h"

static int running;

static void count_running(struct execution *execution) { running += execution->state == RUNNING; }

// What is not on the disk yet would be in each fork's memory, to be written by each of them.
static int sync_root(const void *request, struct writer *result) {
  (void)request, (void)result;
  int root = open("/", O_RDONLY | O_CLOEXEC);
  if (root < 0) return errno;
  int error = syncfs(root) == 0 ? 0 : errno;
  close(root);
  return error;
}

static void after_sync(int error) {
  if (!error) session_forget_key();
}

void prepare_open(uint32_t id, struct reader *request) {
  if (refuse_request(id, request, NULL)) return;
  running = 0;
  execution_each(count_running);
  if (!boot_is_finished())
    send_error(id, EAGAIN, "prepare: the machine is still booting");
  else if (running > 0)
    send_error(id, EBUSY, "prepare: commands are running");
  else
    unary_job(id, sync_root, NULL, "prepare", after_sync);
}
