// TCP: a connection made from inside the guest.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "job.h"
#include "kinds.h"
#include "session.h"
#include "sink.h"
#include "stream.h"

enum { ADDRESSES_MAX = 4, KEPT_MAX = 256 * 1024, HOST_MAX = 255 };

struct target {
  char host[HOST_MAX + 1];
  uint16_t port;
};

struct connection {
  struct stream stream;
  struct target target;
  struct job *lookup;
  struct sockaddr_in6 addresses[ADDRESSES_MAX];  // also holds the smaller sockaddr_in
  unsigned address_count, next_address;
  struct source socket;
  struct sink sink;  // writes through a descriptor of its own, so that it can be watched apart
  struct sending sending;
  struct receiving receiving;
  bool is_connected, result_sent, has_input, is_shut;
  int error;
};

static socklen_t address_size(const struct sockaddr_in6 *address) {
  return address->sin6_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof *address;
}

static void on_changed(struct sink *sink) { ((struct connection *)sink->owner)->stream.is_ready = true; }

static void on_all_written(struct sink *sink) {
  struct connection *connection = sink->owner;
  shutdown(sink->source.fd, SHUT_WR);
  connection->is_shut = true;
  connection->stream.is_ready = true;
}

static void use(struct connection *connection) {
  int one = 1, fd = fcntl(connection->socket.fd, F_DUPFD_CLOEXEC, 3);
  if (fd < 0) {
    connection->error = errno;
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sink_open(&connection->sink, fd, connection, on_changed, on_all_written);
  connection->is_connected = true;
}

// Tries the addresses in turn; the error of the last one is the answer.
static void connect_next(struct connection *connection) {
  while (connection->next_address < connection->address_count) {
    const struct sockaddr_in6 *address = &connection->addresses[connection->next_address++];
    source_close(&connection->socket);
    connection->socket.fd = socket(address->sin6_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = connection->socket.fd < 0
                     ? -1
                     : connect(connection->socket.fd, (const struct sockaddr *)address, address_size(address));
    connection->error = result == 0 ? 0 : errno;
    if (connection->error == EINPROGRESS && source_want(&connection->socket, EPOLLOUT)) {
      connection->error = 0;
      return;
    }
    if (connection->error) continue;
    use(connection);
    break;
  }
  connection->stream.is_ready = true;
}

static void on_ready(struct source *source, uint32_t events) {
  (void)events;
  struct connection *connection = source->owner;
  connection->stream.is_ready = true;
  if (connection->is_connected) {
    connection->has_input = true;
    return;
  }
  socklen_t size = sizeof connection->error;
  source_want(source, 0);
  getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &connection->error, &size);
  if (connection->error)
    connect_next(connection);
  else
    use(connection);
}

static bool receive(struct connection *connection) {
  size_t room = sending_room(&connection->sending);
  if (connection->sending.eof_sent) return false;
  if (room == 0 || !connection->has_input) {
    source_want(&connection->socket, room > 0 ? EPOLLIN : 0);
    return false;
  }
  struct writer frame;
  uint8_t *to = data_frame_begin(&frame, &connection->sending, CHANNEL_OUT);
  if (!to) return false;
  ssize_t length = read(connection->socket.fd, to, room);
  connection->has_input = length == (ssize_t)room;
  if (length > 0) {
    data_frame_send(&frame, connection->stream.id, &connection->sending, (size_t)length);
    return true;
  }
  bool is_early = length < 0 && (errno == EAGAIN || errno == EINTR);
  if (length < 0 && !is_early) connection->error = errno;
  // A reset is told once: who wrote has heard of it, and whoever reads after that finds an end that is none.
  if (length == 0 && connection->sink.is_broken && connection->sink.error == ECONNRESET) connection->error = ECONNRESET;
  source_want(&connection->socket, is_early ? EPOLLIN : 0);
  if (connection->error || length < 0) return false;
  connection->sending.eof_sent = true;
  send_eof(connection->stream.id, CHANNEL_OUT, connection->sending.sent);
  return true;
}

static bool end_with_error(struct connection *connection) {
  send_error(connection->stream.id, connection->error, "connect %s:%u", connection->target.host,
             connection->target.port);
  stream_end(&connection->stream);
  return true;
}

static bool is_over(const struct connection *connection) {
  bool is_out = connection->sending.eof_sent && connection->sending.acknowledged == connection->sending.sent;
  return is_out && connection->is_shut && connection->receiving.acknowledged == connection->receiving.received;
}

static bool pump(struct stream *stream) {
  struct connection *connection = (struct connection *)stream;
  if (connection->error) return end_with_error(connection);
  if (!connection->is_connected) return false;
  if (!connection->result_sent) {
    send_empty_result(stream->id);
    connection->result_sent = true;
    return true;
  }
  uint64_t consumed = connection->sink.queue.base;
  if (receiving_is_due(&connection->receiving, consumed, KEPT_MAX)) {
    receiving_send_window(&connection->receiving, stream->id, consumed, KEPT_MAX);
    return true;
  }
  if (receive(connection)) return true;
  // What the other side sent before it went away has been passed on by now.
  bool is_drained = connection->sending.eof_sent || sending_room(&connection->sending) > 0;
  if (connection->sink.is_broken && is_drained && !connection->error) connection->error = connection->sink.error;
  if (connection->error) return end_with_error(connection);
  if (is_over(connection)) stream_end(stream);
  return false;
}

static bool take_data(struct stream *stream, uint8_t channel, uint64_t offset, const uint8_t *data, size_t length) {
  struct connection *connection = (struct connection *)stream;
  if (channel != CHANNEL_IN || !receiving_data(&connection->receiving, offset, length)) return false;
  sink_push(&connection->sink, data, length);
  stream->is_ready = true;
  return true;
}

static bool take_eof(struct stream *stream, uint8_t channel, uint64_t offset) {
  struct connection *connection = (struct connection *)stream;
  bool is_repeated = connection->receiving.has_eof;
  if (channel != CHANNEL_IN || !connection->is_connected || !receiving_eof(&connection->receiving, offset))
    return false;
  if (!is_repeated) sink_finish(&connection->sink);
  stream->is_ready = true;
  return true;
}

static bool take_window(struct stream *stream, uint8_t channel, uint64_t acknowledged, uint64_t limit) {
  struct connection *connection = (struct connection *)stream;
  stream->is_ready = true;
  return channel == CHANNEL_OUT && sending_window(&connection->sending, acknowledged, limit);
}

// A connection whose end has not been passed on is broken off, so that nobody in the guest takes what came for all there is.
static void end(struct stream *stream) {
  struct connection *connection = (struct connection *)stream;
  struct linger at_once = {.l_onoff = 1};
  if (connection->lookup) job_abandon(connection->lookup);
  if (connection->is_connected && !connection->is_shut)
    setsockopt(connection->socket.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  source_close(&connection->socket);
  sink_close(&connection->sink);
}

static const struct stream_kind kind = {
    .data = take_data, .eof = take_eof, .window = take_window, .pump = pump, .end = end};

// In a child: may wait for name servers.
static int look_up(const void *request, struct writer *result) {
  const struct target *target = request;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  if (getaddrinfo(target->host, NULL, &hints, &found) != 0) return EHOSTUNREACH;
  for (const struct addrinfo *at = found; at; at = at->ai_next) {
    if (at->ai_addrlen > sizeof(struct sockaddr_in6) ||
        writer_length(result) >= ADDRESSES_MAX * sizeof(struct sockaddr_in6))
      continue;
    struct sockaddr_in6 address = {0};
    memcpy(&address, at->ai_addr, at->ai_addrlen);
    // The port is at the same place in both kinds of address.
    address.sin6_port = htons(target->port);
    put_bytes(result, &address, sizeof address);
  }
  return 0;  // the process ends, and the list with it
}

static void on_looked_up(void *owner, int error, const uint8_t *result, size_t length) {
  struct connection *connection = owner;
  connection->lookup = NULL;
  connection->address_count = (unsigned)(length / sizeof(struct sockaddr_in6));
  if (length <= sizeof connection->addresses && length > 0) memcpy(connection->addresses, result, length);
  connection->error = error ? error : connection->address_count == 0 ? EHOSTUNREACH : 0;
  connection->stream.is_ready = true;
  if (!connection->error) connect_next(connection);
}

static bool parse_address(const struct target *target, struct sockaddr_in6 *address) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(target->port)};
  *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(target->port)};
  if (inet_pton(AF_INET6, target->host, &address->sin6_addr) == 1) return true;
  if (inet_pton(AF_INET, target->host, &four.sin_addr) != 1) return false;
  memcpy(address, &four, sizeof four);
  return true;
}

void tcp_open(uint32_t id, struct reader *request) {
  struct text host = take_text(request);
  uint16_t port = take_u16(request);
  bool is_malformed = !reader_is_finished(request);
  if (is_malformed || port == 0 || host.length > HOST_MAX || memchr(host.data, 0, host.length)) {
    send_error(id, is_malformed ? EBADMSG : EINVAL, "connect");
    return;
  }
  struct connection *connection = stream_create(id, &kind, sizeof *connection);
  if (!connection) return;
  connection->target.port = port;
  memcpy(connection->target.host, host.length ? host.data : "127.0.0.1", host.length ? host.length : 9);
  connection->socket = (struct source){.fd = -1, .ready = on_ready, .owner = connection};
  connection->sink.source.fd = -1;
  if (parse_address(&connection->target, &connection->addresses[0])) {
    connection->address_count = 1;
    connect_next(connection);
    return;
  }
  connection->lookup = job_start(look_up, &connection->target, -1, on_looked_up, connection);
  if (connection->lookup) return;
  connection->error = errno;
  connection->stream.is_ready = true;
}
