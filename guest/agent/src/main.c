// The guest agent: PID 1 of a directly booted machine, or an ordinary process. See PROTOCOL.md and README.md.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "boot.h"
#include "command-line.h"
#include "crc32c.h"
#include "execution.h"
#include "kinds.h"
#include "link.h"
#include "log.h"
#include "loop.h"
#include "port.h"
#include "relay.h"
#include "session.h"
#include "stream.h"

#define DEFAULT_PORT "org.volary.agent.0"

static struct source signals, listener;
static struct timer port_timer;
static int64_t port_back_off_ns = MILLISECOND_NS;
static char port_name[128] = DEFAULT_PORT;

static void kill_group(struct execution *execution) { execution_signal(execution, SIGKILL); }

static _Noreturn void leave(void) {
  link_stop();
  execution_each(kill_group);
  exit(0);
}

static void on_signal(struct source *source, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  bool has_child = false, is_to_end = false;
  while (read(source->fd, &info, sizeof info) == sizeof info) {
    has_child = has_child || info.ssi_signo == SIGCHLD;
    is_to_end = is_to_end || info.ssi_signo != SIGCHLD;
  }
  if (has_child) reap();
  // PID 1 ends with its machine only; in a container this is its power button.
  if (is_to_end && getpid() != 1) leave();
  if (is_to_end && !session_owns_machine()) shut_down_container();
}

static void watch_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  signals = (struct source){.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), .ready = on_signal};
  source_want(&signals, EPOLLIN);
}

// The out-of-memory killer is to take a command, never what the host reaches the machine by.
static void protect(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "-1000", 5) != 5) log_line("not protected from the out-of-memory killer");
  if (fd >= 0) close(fd);
}

static void on_port_timer(struct timer *timer) {
  int fd = port_open(port_name);
  if (fd >= 0) {
    link_start(LINK_VIRTIO_PORT, fd, fd, NULL);
    return;
  }
  port_back_off_ns = port_back_off_ns * 2 > 200 * MILLISECOND_NS ? 200 * MILLISECOND_NS : port_back_off_ns * 2;
  timer_set(timer, now_ns() + port_back_off_ns);
}

static void serve_port(void) {
  port_timer.fire = on_port_timer;
  on_port_timer(&port_timer);
}

static void on_connection(struct source *source, uint32_t events) {
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0) link_start(LINK_STREAM, fd, fd, NULL);
}

static void serve_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct stat status;
  if (strlen(path) >= sizeof address.sun_path) {
    fprintf(stderr, "volary-agent: socket path is too long\n");
    exit(2);
  }
  strcpy(address.sun_path, path);
  if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  umask(077);  // whoever may write to the socket rules the machine
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0) {
    fprintf(stderr, "volary-agent: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  umask(022);
  listener = (struct source){.fd = fd, .ready = on_connection};
  source_want(&listener, EPOLLIN);
}

static void run(void) {
  for (bool is_busy = false;;) {
    loop_once(is_busy);
    link_take_input();
    bool has_more = streams_pump();
    session_settle();
    link_flush();
    is_busy = (has_more && link_has_room_for_data()) || link_can_take_input();
  }
}

static void start_machine(void) {
  boot_first();
  session_init(true);
  command_line_value("volary.port", port_name, sizeof port_name);
  serve_port();
  boot_rest();
  protect();
}

static void start_process(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  if (count == 2 && strcmp(mode, "--version") == 0) {
    printf("volary-agent %s\n", AGENT_VERSION);
    exit(0);
  } else if (count == 2 && strcmp(mode, "--stdio") == 0) {
    session_init(false);
    link_start(LINK_STREAM, STDIN_FILENO, STDOUT_FILENO, leave);
  } else if (count == 3 && strcmp(mode, "--socket") == 0) {
    session_init(false);
    serve_socket(arguments[2]);
  } else if (count == 3 && strcmp(mode, "--connect") == 0) {
    exit(relay(arguments[2]));
  } else if (count == 3 && strcmp(mode, "--port") == 0) {
    session_init(true);
    snprintf(port_name, sizeof port_name, "%s", arguments[2]);
    serve_port();
    protect();
  } else {
    fprintf(stderr, "usage: volary-agent --stdio | --socket PATH | --connect PATH | --port NAME | --version\n");
    exit(2);
  }
}

int main(int count, char **arguments) {
  bool is_init = getpid() == 1 && (count < 2 || strncmp(arguments[1], "--", 2) != 0);
  umask(022);
  crc32c_init();
  loop_init();
  watch_signals();
  if (is_init)
    start_machine();
  else
    start_process(count, arguments);
  if (chdir("/") != 0) log_line("no root directory");
  run();
}
