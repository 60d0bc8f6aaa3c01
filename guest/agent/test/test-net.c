// TCP from inside, watches, and an agent that nobody talks to. Against a real agent.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "client.h"

static struct client client;
static struct message message;

static void begin(void) {
  client_start(&client);
  client_begin(&client);
}

// ---- tcp

static int listen_on_loopback(uint16_t *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 5) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

static void open_tcp(uint32_t stream, const char *host, uint16_t port) {
  struct request *request = request_begin();
  put_u8(&request->writer, 10);
  put_string(&request->writer, host);
  put_u16(&request->writer, port);
  client_send(&client, request, FRAME_OPEN, stream);
}

static pid_t start_echo_server(int listener) {
  pid_t pid = fork();
  if (pid == 0) {
    static char buffer[65536];
    int fd = accept(listener, NULL, NULL);
    for (ssize_t length; (length = read(fd, buffer, sizeof buffer)) > 0;)
      if (write(fd, buffer, (size_t)length) != length) _exit(1);
    _exit(0);
  }
  return pid;
}

// 4 MiB there and back, within windows both ways, each side ending its half.
static void tcp_echo(const char *host) {
  enum { TOTAL = 4 << 20 };
  static uint8_t data[DATA_MAX];
  uint16_t port;
  begin();
  int listener = listen_on_loopback(&port);
  pid_t server = start_echo_server(listener);
  open_tcp(1, host, port);
  client_expect(&client, &message, FRAME_RESULT, 1);
  send_window(&client, 1, 1, 0, WINDOW_MAX);
  uint64_t sent = 0, granted = 0, got = 0;
  bool has_ended = false;
  while (!has_ended) {
    client_receive(&client, &message);
    CHECK_EQUAL(message.frame.stream, 1);
    if (message.frame.type == FRAME_WINDOW) {
      take_bytes(&message.reader, 9);
      granted = take_u64(&message.reader);
      for (; sent < TOTAL && sent + DATA_MAX <= granted; sent += DATA_MAX) {
        for (size_t i = 0; i < DATA_MAX; i++) data[i] = (uint8_t)((sent + i) % 253);
        send_data(&client, 1, sent, data, DATA_MAX);
        if (sent + DATA_MAX == TOTAL) send_eof_in(&client, 1, TOTAL);
      }
    } else if (message.frame.type == FRAME_DATA) {
      take_bytes(&message.reader, 9);
      for (; message.reader.at < message.reader.end; got++) CHECK_EQUAL(*message.reader.at++, got % 253);
      send_window(&client, 1, 1, got, got + WINDOW_MAX);
    } else {
      CHECK_EQUAL(message.frame.type, FRAME_EOF);
      has_ended = true;
    }
  }
  CHECK_EQUAL(got, TOTAL);
  CHECK_EQUAL(waitpid(server, NULL, 0), server);
  close(listener);
  client_ping(&client, 1);
  client_stop(&client);
}

static void tcp_to_the_default_host(void) { tcp_echo(""); }

static void tcp_to_a_name(void) { tcp_echo("localhost"); }

static void tcp_errors(void) {
  uint16_t port;
  begin();
  int listener = listen_on_loopback(&port);
  close(listener);
  open_tcp(1, "127.0.0.1", port);
  CHECK_EQUAL(client_expect_error(&client, 1), ECONNREFUSED);
  open_tcp(2, "127.0.0.1", 0);
  CHECK_EQUAL(client_expect_error(&client, 2), EINVAL);
  open_tcp(3, "no-such-host.invalid", 80);
  CHECK_EQUAL(client_expect_error(&client, 3), EHOSTUNREACH);
  client_stop(&client);
}

static void expect_reset(int fd) {
  char byte;
  CHECK_EQUAL(read(fd, &byte, 1), -1);
  CHECK_EQUAL(errno, ECONNRESET);
  close(fd);
}

static void tcp_close_resets_the_connection(void) {
  uint16_t port;
  char byte;
  begin();
  int listener = listen_on_loopback(&port);
  open_tcp(1, "", port);
  client_expect(&client, &message, FRAME_RESULT, 1);
  int fd = accept(listener, NULL, NULL);
  send_close(&client, 1);
  expect_reset(fd);
  // And so does a session that is lost.
  open_tcp(2, "", port);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  client_expect(&client, &message, FRAME_RESULT, 2);
  int other = accept(listener, NULL, NULL);
  client_begin(&client);
  expect_reset(other);
  // After its end it is closed as any other.
  open_tcp(3, "", port);
  client_expect(&client, &message, FRAME_RESULT, 3);
  int ended = accept(listener, NULL, NULL);
  send_eof_in(&client, 3, 0);
  send_close(&client, 3);
  CHECK_EQUAL(read(ended, &byte, 1), 0);
  client_stop(&client);
}

// ---- watch

static const char *base;

static const char *full(const char *name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", base, name);
  return path;
}

static void make_file(const char *name) {
  int fd = open(full(name), O_WRONLY | O_CREAT, 0600);
  CHECK(fd >= 0);
  close(fd);
}

static void open_watch(uint32_t stream, const char *name, uint8_t recursive) {
  struct request *request = request_begin();
  put_u8(&request->writer, 9);
  put_path(request, base, name);
  put_u8(&request->writer, recursive);
  client_send(&client, request, FRAME_OPEN, stream);
}

// Reads events until this one; others may come before it.
static void await_event(uint32_t stream, int what, const char *path) {
  for (;;) {
    client_expect(&client, &message, FRAME_EVENT, stream);
    int got = take_u8(&message.reader);
    struct text text = take_text(&message.reader);
    CHECK(reader_is_finished(&message.reader));
    if (got == what && text.length == strlen(path) && memcmp(text.data, path, text.length) == 0) return;
  }
}

static void watching_a_directory(void) {
  base = temporary_directory();
  begin();
  CHECK(mkdir(full("sub"), 0700) == 0);
  open_watch(1, "", 0);
  client_expect(&client, &message, FRAME_RESULT, 1);
  make_file("sub/unseen");
  make_file("f");
  await_event(1, 1, "f");
  int fd = open(full("f"), O_WRONLY);
  CHECK_EQUAL(write(fd, "x", 1), 1);
  close(fd);
  await_event(1, 2, "f");
  CHECK(chmod(full("f"), 0640) == 0);
  await_event(1, 6, "f");
  char from[512];
  strcpy(from, full("f"));
  CHECK(rename(from, full("g")) == 0);
  await_event(1, 4, "f");
  await_event(1, 5, "g");
  CHECK(unlink(full("g")) == 0);
  await_event(1, 3, "g");
  send_close(&client, 1);
  open_watch(2, "missing", 0);
  CHECK_EQUAL(client_expect_error(&client, 2), ENOENT);
  client_stop(&client);
}

static void watching_a_tree(void) {
  char path[600] = "deep";
  base = temporary_directory();
  begin();
  CHECK(mkdir(full("old"), 0700) == 0);
  open_watch(1, "", 1);
  client_expect(&client, &message, FRAME_RESULT, 1);
  make_file("old/f");
  await_event(1, 1, "old/f");
  // Directories that come up are watched, and what came into them meanwhile is told.
  CHECK(mkdir(full("deep"), 0700) == 0);
  for (int i = 0; i < 20; i++) {
    strcat(path, "/d");
    CHECK(mkdir(full(path), 0700) == 0);
  }
  strcat(path, "/f");
  make_file(path);
  await_event(1, 1, path);
  // What is moved is told under its new name.
  char from[512];
  strcpy(from, full("old"));
  CHECK(rename(from, full("new")) == 0);
  await_event(1, 5, "new");
  make_file("new/g");
  await_event(1, 1, "new/g");
  client_stop(&client);
}

static void watching_too_much(void) {
  char name[32];
  base = temporary_directory();
  begin();
  for (int i = 0; i < 1100; i++) {
    snprintf(name, sizeof name, "d%d", i);
    CHECK(mkdir(full(name), 0700) == 0);
  }
  open_watch(1, "", 1);
  CHECK_EQUAL(client_expect_error(&client, 1), ENOSPC);
  open_watch(2, "", 0);
  client_expect(&client, &message, FRAME_RESULT, 2);
  client_stop(&client);
}

// ---- nobody there

static long cpu_ticks(pid_t pid) {
  char path[64], line[1024];
  unsigned long user, system;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(line, sizeof line, file));
  fclose(file);
  CHECK(sscanf(strrchr(line, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2);
  return (long)(user + system);
}

static pid_t start_socket_agent(const char *path) {
  const char *program = getenv("VOLARY_AGENT");
  if (!program) program = "build/volary-agent-asan";
  pid_t pid = fork();
  if (pid == 0) {
    execl(program, program, "--socket", path, (char *)NULL);
    _exit(127);
  }
  return pid;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  for (int i = 0; i < 1000; i++) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    usleep(5000);
  }
  CHECK(false);
  return -1;
}

// A host that comes, goes, and is replaced by another; a command that lives through all of it; no CPU used meanwhile.
static void hosts_come_and_go(void) {
  char path[128], script[256];
  base = temporary_directory();
  snprintf(path, sizeof path, "%s/socket", base);
  snprintf(script, sizeof script, "while [ ! -e %s/go ]; do sleep 0.1; done; echo survived", base);
  client_start(&client);
  client_stop(&client);
  pid_t agent = start_socket_agent(path);
  client.fd = connect_to(path);
  client_begin(&client);
  send_shell(&client, 1, 1, 0, script);
  client_expect(&client, &message, FRAME_RESULT, 1);
  close(client.fd);
  sleep(1);  // for the measurement below: nothing is waited for
  long before = cpu_ticks(agent);
  sleep(1);
  CHECK(cpu_ticks(agent) - before <= 1);

  client.fd = connect_to(path);
  client_begin(&client);
  int replaced = client.fd;
  client.fd = connect_to(path);
  char byte;
  CHECK_EQUAL(read(replaced, &byte, 1), 0);
  client_begin(&client);
  make_file("go");
  send_shell(&client, 1, 1, 4, "");
  client_expect(&client, &message, FRAME_RESULT, 1);
  send_window(&client, 1, 1, 0, 100);
  static struct outcome outcome;
  client_collect(&client, 1, &outcome);
  CHECK(strcmp(outcome.output[0], "survived\n") == 0);
  int status;
  kill(agent, SIGTERM);
  CHECK(waitpid(agent, &status, 0) == agent && status == 0);
}

RUN_TESTS(TEST(tcp_to_the_default_host), TEST(tcp_to_a_name), TEST(tcp_errors), TEST(tcp_close_resets_the_connection),
          TEST(watching_a_directory), TEST(watching_a_tree), TEST(watching_too_much),
          TEST(hosts_come_and_go))
