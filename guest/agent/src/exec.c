// EXEC: the stream that is attached to an execution.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "execution.h"
#include "frame.h"
#include "kinds.h"
#include "session.h"
#include "supervise.h"

#include "exec-request.h"

struct exec_stream {
  struct stream stream;
  struct execution *execution;
  bool was_there, result_sent, exit_sent;
  unsigned turn;  // which output may send next
};

static struct exec_stream *exec_stream(struct stream *stream) { return (struct exec_stream *)stream; }

static bool take_data(struct stream *stream, uint8_t channel, uint64_t offset, const uint8_t *data, size_t length) {
  struct execution *execution = exec_stream(stream)->execution;
  if (channel != CHANNEL_IN || !receiving_data(&execution->stdin_receiving, offset, length)) return false;
  sink_push(&execution->stdin_sink, data, length);
  stream->is_ready = true;
  return true;
}

static bool take_eof(struct stream *stream, uint8_t channel, uint64_t offset) {
  struct execution *execution = exec_stream(stream)->execution;
  bool is_repeated = execution->stdin_receiving.has_eof;
  if (channel != CHANNEL_IN || !execution->has_stdin || !receiving_eof(&execution->stdin_receiving, offset))
    return false;
  if (!is_repeated) sink_finish(&execution->stdin_sink);
  stream->is_ready = true;
  return true;
}

static bool take_window(struct stream *stream, uint8_t channel, uint64_t acknowledged, uint64_t limit) {
  struct execution *execution = exec_stream(stream)->execution;
  if (channel != CHANNEL_OUT && channel != CHANNEL_ERR) return false;
  struct output *output = &execution->outputs[channel - CHANNEL_OUT];
  if (!sending_window(&output->sending, acknowledged, limit)) return false;
  output_acknowledge(output, acknowledged);
  stream->is_ready = true;
  return true;
}

static bool take_signal(struct stream *stream, uint32_t number) {
  if (number < 1 || number > 64) return false;
  execution_signal(exec_stream(stream)->execution, (int)number);
  return true;
}

static bool take_resize(struct stream *stream, uint16_t rows, uint16_t columns) {
  const struct execution *execution = exec_stream(stream)->execution;
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  // A terminal whose command has ended has nobody to tell.
  if (execution->is_tty && execution->outputs[0].source.fd >= 0)
    ioctl(execution->outputs[0].source.fd, TIOCSWINSZ, &size);
  return true;
}

static bool take_control(struct stream *stream, uint8_t what, uint32_t grace_ms) {
  return supervise_control(exec_stream(stream)->execution, what, grace_ms);
}

static void send_started(struct exec_stream *stream) {
  const struct execution *execution = stream->execution;
  struct writer result = frame_begin(37);
  put_u32(&result, (uint32_t)execution->pid);
  put_u8(&result, stream->was_there);
  put_u64(&result, execution->stdin_receiving.received);
  put_u64(&result, (uint64_t)execution->started_at_wall_ns);
  if (execution->supervision)
    for (int i = 0; i < 2; i++) put_u64(&result, execution->outputs[i].sending.sent);
  send_result(&result, stream->stream.id);
  stream->result_sent = true;
}

static void send_exit(struct exec_stream *stream) {
  const struct execution *execution = stream->execution;
  struct writer exit = frame_begin(33);
  put_u32(&exit, (uint32_t)execution->exit_code);
  put_u32(&exit, (uint32_t)execution->exit_signal);
  put_u8(&exit, execution->is_timed_out);
  put_u64(&exit, execution->outputs[0].queue.end);
  put_u64(&exit, execution->outputs[1].queue.end);
  put_u64(&exit, (uint64_t)(execution->ended_at_ns - execution->started_at_ns));
  frame_send(&exit, FRAME_EXIT, stream->stream.id);
  stream->exit_sent = true;
}

static bool send_data(struct exec_stream *stream, unsigned which) {
  struct output *output = &stream->execution->outputs[which];
  size_t room = sending_room(&output->sending);
  uint64_t unsent = output->queue.end - output->sending.sent;
  size_t length = unsent < room ? (size_t)unsent : room;
  struct writer frame;
  uint8_t *to = length > 0 ? data_frame_begin(&frame, &output->sending, (uint8_t)(CHANNEL_OUT + which)) : NULL;
  if (!to) return false;
  for (size_t done = 0, piece; done < length; done += piece) {
    const uint8_t *from = queue_at(&output->queue, output->sending.sent + done, &piece);
    if (piece > length - done) piece = length - done;
    memcpy(to + done, from, piece);
  }
  data_frame_send(&frame, stream->stream.id, &output->sending, length);
  stream->turn = which + 1;
  return true;
}

static bool send_end_of(struct exec_stream *stream, unsigned which) {
  struct output *output = &stream->execution->outputs[which];
  if (output->sending.eof_sent || !output_is_at_end(output) || output->sending.sent != output->queue.end) return false;
  output->sending.eof_sent = true;
  send_eof(stream->stream.id, (uint8_t)(CHANNEL_OUT + which), output->queue.end);
  return true;
}

static bool send_stdin_window(struct exec_stream *stream) {
  struct execution *execution = stream->execution;
  uint64_t consumed = execution->stdin_sink.queue.base;
  if (!execution->has_stdin || !receiving_is_due(&execution->stdin_receiving, consumed, STDIN_MAX)) return false;
  receiving_send_window(&execution->stdin_receiving, stream->stream.id, consumed, STDIN_MAX);
  return true;
}

static bool send_news(struct exec_stream *stream) {
  struct supervision *supervision = stream->execution->supervision;
  if (!supervision || !supervision->has_news) return false;
  supervision->has_news = false;
  supervise_send_event(stream->execution, stream->stream.id);
  return true;
}

static bool pump(struct stream *base) {
  struct exec_stream *stream = exec_stream(base);
  const struct execution *execution = stream->execution;
  if (!stream->result_sent) {
    send_started(stream);
    return true;
  }
  if (send_news(stream) || send_stdin_window(stream)) return true;
  if (send_data(stream, stream->turn % 2) || send_data(stream, (stream->turn + 1) % 2)) return true;
  if (send_end_of(stream, 0) || send_end_of(stream, 1)) return true;
  bool is_all_sent = execution->outputs[0].sending.eof_sent && execution->outputs[1].sending.eof_sent;
  if (!is_all_sent || execution->state != ENDED || stream->exit_sent) return false;
  send_exit(stream);
  return true;
}

static bool has_all_acknowledged(const struct execution *execution) {
  return queue_length(&execution->outputs[0].queue) == 0 && queue_length(&execution->outputs[1].queue) == 0;
}

static void close_by_host(struct stream *base) {
  struct exec_stream *stream = exec_stream(base);
  if (!stream->exit_sent || !has_all_acknowledged(stream->execution)) return;
  execution_forget(stream->execution, true);
  stream->execution = NULL;
}

static void end(struct stream *stream) {
  struct execution *execution = exec_stream(stream)->execution;
  if (!execution) return;
  execution->stream = NULL;
  for (int i = 0; i < 2; i++) output_regulate(&execution->outputs[i]);
}

static const struct stream_kind kind = {
    .data = take_data,
    .eof = take_eof,
    .window = take_window,
    .signal = take_signal,
    .resize = take_resize,
    .control = take_control,
    .pump = pump,
    .close = close_by_host,
    .end = end,
};

static bool attach_stream(uint32_t id, struct execution *execution, bool was_there) {
  struct exec_stream *stream = stream_create(id, &kind, sizeof *stream);
  if (!stream) return false;
  stream->execution = execution;
  stream->was_there = was_there;
  stream->stream.is_ready = true;
  execution->stream = &stream->stream;
  return true;
}

static void attach(uint32_t id, struct execution *execution, const struct exec_request *request) {
  int error = execution->stream ? EBUSY : execution->is_orphan ? ESRCH : 0;
  bool asks_supervised = request->flags & EXEC_SUPERVISED;
  if (asks_supervised != (execution->supervision != NULL)) error = EINVAL;
  for (int i = 0; i < 2; i++)
    if (request->acknowledged[i] > execution->outputs[i].queue.end) error = EINVAL;
  if (error) {
    send_error(id, error, "attach");
    return;
  }
  for (int i = 0; i < 2; i++) {
    struct output *output = &execution->outputs[i];
    output_acknowledge(output, request->acknowledged[i]);
    output->sending = (struct sending){.sent = output->queue.base, .acknowledged = output->queue.base};
  }
  if (execution->supervision) execution->supervision->has_news = true;
  execution->stdin_receiving.granted = 0;
  execution->stdin_receiving.acknowledged = execution->stdin_receiving.received;
  attach_stream(id, execution, true);
}

static int check_start(const struct exec_request *request) {
  if (execution_is_remembered(request->id)) return EALREADY;
  if (request->flags & EXEC_ATTACH || request->acknowledged[0] > 0 || request->acknowledged[1] > 0) return ESRCH;
  return request->argv[0] ? 0 : EINVAL;
}

static int run(struct execution *execution, struct exec_request *request, const char **failed_step) {
  if (!(request->flags & EXEC_SUPERVISED)) return execution_spawn(execution, request, failed_step);
  *failed_step = "memory";
  if (!supervise_begin(execution, request)) return ENOMEM;
  int error = execution_spawn(execution, &execution->supervision->request, failed_step);
  if (!error) supervise_started(execution);
  return error;
}

// A machine that was restored, or is a fork, goes on with its workload, whoever started that: it is the one that is
// asked for.
static void adopt(uint32_t id, struct execution *execution, const struct exec_request *request) {
  if (execution->stream) {
    send_error(id, EBUSY, "workload");
    return;
  }
  supervise_adopt(execution, request->id);
  attach(id, execution, request);
}

static void start(uint32_t id, struct exec_request *request) {
  int error = check_start(request);
  struct execution *execution = error ? NULL : execution_create(request->id);
  if (!execution) {
    send_error(id, error ? error : EAGAIN, "exec");
    return;
  }
  // Everything that may be refused comes first: a command that runs has its stream.
  if (!attach_stream(id, execution, false)) {
    execution_forget(execution, false);
    return;
  }
  const char *failed_step;
  struct stream *stream = execution->stream;
  error = run(execution, request, &failed_step);
  if (!error) return;
  // The stream goes first: it knows the execution.
  stream_end(stream);
  execution_forget(execution, false);
  send_error(id, error, "%s", failed_step);
}

static bool is_adopting(const struct exec_request *request) {
  bool starts = request->flags & EXEC_SUPERVISED && !(request->flags & EXEC_ATTACH);
  return starts && !execution_is_remembered(request->id) && supervise_find();
}

void exec_open(uint32_t id, struct reader *payload) {
  struct exec_request request;
  int error = exec_request_take(payload, &request);
  struct execution *execution = error ? NULL : execution_find(request.id);
  if (error)
    send_error(id, error, "exec");
  else if (execution)
    attach(id, execution, &request);
  else if (is_adopting(&request))
    adopt(id, supervise_find(), &request);
  else
    start(id, &request);
  exec_request_free(&request);
}
