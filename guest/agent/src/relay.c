#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// What was read at one end and not written at the other yet.
struct pipe_half {
  int from, to;
  size_t start, end;
  uint8_t bytes[65536];
};

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

// False once there is no more to come. Whoever is polled for can take a byte at least, so that neither call waits for long.
static bool pass(struct pipe_half *half, short readable, short writable) {
  bool is_empty = half->start == half->end;
  if (is_empty && readable & (POLLIN | POLLHUP | POLLERR)) {
    ssize_t count = read(half->from, half->bytes, sizeof half->bytes);
    if (count <= 0) return count < 0 && errno == EINTR;
    half->start = 0;
    half->end = (size_t)count;
  } else if (!is_empty && writable & (POLLOUT | POLLHUP | POLLERR)) {
    ssize_t count = write(half->to, half->bytes + half->start, half->end - half->start);
    if (count < 0) return errno == EINTR;
    half->start += (size_t)count;
  }
  return true;
}

int relay(const char *path) {
  static struct pipe_half in, out;
  // The answer to a request to shut down goes through here while everybody is asked to end.
  signal(SIGTERM, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  int fd = connect_to(path);
  if (fd < 0) return 1;
  in.from = STDIN_FILENO;
  in.to = out.from = fd;
  out.to = STDOUT_FILENO;
  for (;;) {
    bool has_in = in.start < in.end, has_out = out.start < out.end;
    struct pollfd fds[] = {
        {.fd = has_in ? -1 : STDIN_FILENO, .events = POLLIN},
        {.fd = fd, .events = (short)((has_out ? 0 : POLLIN) | (has_in ? POLLOUT : 0))},
        {.fd = has_out ? STDOUT_FILENO : -1, .events = POLLOUT},
    };
    if (poll(fds, 3, -1) < 0 && errno != EINTR) return 1;
    if (!pass(&in, fds[0].revents, fds[1].revents) || !pass(&out, fds[1].revents, fds[2].revents)) return 0;
  }
}
