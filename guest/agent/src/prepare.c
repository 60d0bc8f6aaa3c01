// PREPARE: the machine is about to be saved, and whatever is restored from it is to be one of its own.
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "execution.h"
#include "kinds.h"
#include "path.h"
#include "session.h"
#include "stream.h"
#include "unary.h"

static bool has_executions;

static void notice(struct execution *execution) {
  (void)execution;
  has_executions = true;
}

// Every process of a machine whose init this is has an ancestor among its children, so that one look tells: a process that went
// on in all forks would bring them the same random state (OpenSSL's, Node's), and one file half written.
static bool has_processes(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static const char *what_is_busy(void) {
  has_executions = false;
  execution_each(notice);
  if (has_executions) return "commands run, or have output that was not fetched";
  if (streams_are_open()) return "streams are open";
  return has_processes() ? "processes run" : NULL;
}

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
  const char *busy = NULL;
  if (getpid() != 1)
    send_error(id, EOPNOTSUPP, "prepare: the machine has an init of its own");
  else if (!boot_is_finished())
    send_error(id, EAGAIN, "prepare: the machine is still booting");
  else if ((busy = what_is_busy()))
    send_error(id, EBUSY, "prepare: %s", busy);
  else
    unary_job(id, sync_root, NULL, "prepare", after_sync);
}
