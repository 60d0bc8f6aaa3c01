// Sessions: begun, cut at every byte, resisting what is not meant for them. Against a real agent.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "client.h"
#include "crc32c.h"

static struct client client;
static struct message message;

static void hello_answers(void) {
  client_start(&client);
  client_send_sync(&client);
  client_await_echo(&client);
  client_hello(&client, 1, 7, &message);
  CHECK_EQUAL(take_u16(&message.reader), 1);
  struct text version = take_text(&message.reader);
  CHECK(version.length == strlen(AGENT_VERSION) && memcmp(version.data, AGENT_VERSION, version.length) == 0);
  CHECK(take_u64(&message.reader) > 0);
  take_bytes(&message.reader, 16);
  CHECK_EQUAL(take_u32(&message.reader), 1);
  CHECK_EQUAL(take_u8(&message.reader), 0);
  uint32_t count;
  take_list(&message.reader, &count);
  // An ordinary process on a pipe does not own its machine: no identify, shutdown, freeze.
  CHECK_EQUAL(count, 8);
  CHECK(reader_is_finished(&message.reader));
  client_ping(&client, 42);
  client_stop(&client);
}

static void no_common_version_waits_for_another_sync(void) {
  client_start(&client);
  client_send_sync(&client);
  client_await_echo(&client);
  client_hello(&client, 2, 9, &message);
  CHECK_EQUAL(take_u16(&message.reader), 0);
  struct request *ping = request_begin();
  put_u64(&ping->writer, 1);
  client_send(&client, ping, FRAME_PING, 0);
  client_expect_silence(&client, 50);
  client_begin(&client);
  client_ping(&client, 2);
  client_stop(&client);
}

static struct request *stat_request(void) {
  struct request *request = request_begin();
  put_u8(&request->writer, 5);
  put_string(&request->writer, "/");
  put_u8(&request->writer, 1);
  return request;
}

static void cut_at_every_byte_towards_the_agent(void) {
  client_start(&client);
  client_begin(&client);
  size_t length = request_seal(&client, stat_request(), FRAME_OPEN, 1);
  for (size_t cut = 0; cut <= length; cut++) {
    struct request *request = stat_request();
    request_seal(&client, request, FRAME_OPEN, 1);
    client_send_bytes(&client, request->bytes, cut);
    client_begin(&client);
    client_send(&client, stat_request(), FRAME_OPEN, 1);
    client_expect(&client, &message, FRAME_RESULT, 1);
  }
  client_stop(&client);
}

static void cut_at_every_byte_of_sync_and_hello(void) {
  uint8_t sync[SYNC_SIZE];
  client_start(&client);
  client_begin(&client);
  memcpy(sync, "VLRYSYNC", 8);
  memcpy(sync + 8, client.key, KEY_SIZE);
  memset(sync + 24, 'V', NONCE_SIZE);
  store_u32(sync + 40, crc32c(0, sync, 40));
  for (size_t cut = 0; cut < SYNC_SIZE; cut++) {
    client_send_bytes(&client, sync, cut);
    client_begin(&client);
    client_ping(&client, cut);
  }
  for (size_t cut = 0; cut <= 28; cut++) {
    client_send_sync(&client);
    client_await_echo(&client);
    struct request *hello = request_begin();
    put_u16(&hello->writer, 1);
    put_u16(&hello->writer, 1);
    put_u64(&hello->writer, 0);
    request_seal(&client, hello, FRAME_HELLO, 0);
    client_send_bytes(&client, hello->bytes, cut);
    client_begin(&client);
    client_ping(&client, cut);
  }
  client_stop(&client);
}

// The host stops reading anywhere in an answer, and begins anew: what was under way is thrown away up to the ECHO.
static void cut_at_every_byte_towards_the_host(void) {
  uint8_t bytes[256];
  client_start(&client);
  client_begin(&client);
  client_send(&client, stat_request(), FRAME_OPEN, 1);
  client_expect(&client, &message, FRAME_RESULT, 1);
  size_t length = FRAME_HEADER + message.frame.length;
  for (size_t cut = 0; cut <= length; cut++) {
    client_begin(&client);
    client_send(&client, stat_request(), FRAME_OPEN, 1);
    for (size_t got = 0; got < cut;) {
      ssize_t more = read(client.fd, bytes, cut - got);
      CHECK(more > 0);
      got += (size_t)more;
    }
    client_begin(&client);
    client_ping(&client, cut);
  }
  client_stop(&client);
}

// The two parts of a SYNC come in two reads: the pause in between lets the agent take the first.
static void sync_in_two_parts(void) {
  uint8_t sync[SYNC_SIZE];
  client_start(&client);
  client_begin(&client);
  for (size_t split = 1; split < SYNC_SIZE; split++) {
    memset(client.nonce, (int)split, NONCE_SIZE);
    memcpy(sync, "VLRYSYNC", 8);
    memcpy(sync + 8, client.key, KEY_SIZE);
    memcpy(sync + 24, client.nonce, NONCE_SIZE);
    store_u32(sync + 40, crc32c(0, sync, 40));
    client_send_bytes(&client, sync, split);
    usleep(5000);
    client_send_bytes(&client, sync + split, SYNC_SIZE - split);
    client_await_echo(&client);
    client_hello(&client, 1, 1, &message);
    client_ping(&client, split);
  }
  client_stop(&client);
}

static void sync_inside_a_frame_begins_a_session(void) {
  client_start(&client);
  client_begin(&client);
  // The header of a large frame, some of its payload, then silence: the SYNC is where the payload should be.
  uint8_t header[FRAME_HEADER];
  store_u32(header, FRAME_PAYLOAD_MAX);
  header[4] = FRAME_OPEN, header[5] = 0;
  store_u16(header + 6, load_u16(client.nonce));
  store_u32(header + 8, 5);
  store_u32(header + 12, 0);
  for (size_t filler = 0; filler < 100; filler++) {
    store_u16(header + 6, load_u16(client.nonce));
    client_send_bytes(&client, header, sizeof header);
    for (size_t i = 0; i < filler; i++) client_send_bytes(&client, "V", 1);
    client_begin(&client);
    client_ping(&client, filler);
  }
  client_stop(&client);
}

static void data_with_a_foreign_sync_begins_nothing(void) {
  uint8_t sync[SYNC_SIZE];
  client_start(&client);
  client_begin(&client);
  memcpy(sync, "VLRYSYNC", 8);
  memset(sync + 8, 0x5a, KEY_SIZE + NONCE_SIZE);
  store_u32(sync + 40, crc32c(0, sync, 40));
  const char *const argv[] = {"wc", "-c", NULL};
  send_exec(&client, 1, &(struct command){.id = 1, .flags = 2, .argv = argv});
  client_expect(&client, &message, FRAME_RESULT, 1);
  client_expect(&client, &message, FRAME_WINDOW, 1);
  send_window(&client, 1, 1, 0, 1000);
  send_data(&client, 1, 0, sync, sizeof sync);
  send_eof_in(&client, 1, sizeof sync);
  static struct outcome outcome;
  client_collect(&client, 1, &outcome);
  CHECK_EQUAL(outcome.exit_code, 0);
  CHECK(strcmp(outcome.output[0], "44\n") == 0);
  // The right key with a wrong checksum is nothing either.
  memcpy(sync + 8, client.key, KEY_SIZE);
  sync[43] ^= 1;
  struct request *hint = request_begin();
  put_bytes(&hint->writer, sync, sizeof sync);
  client_send(&client, hint, 200, 0);
  client_ping(&client, 1);
  client_stop(&client);
}

static void bytes_before_the_first_sync_are_dropped(void) {
  client_start(&client);
  client_send_bytes(&client, "login: VLRYVLRYSYNVLRYSYNC?", 27);
  client_begin(&client);
  client_ping(&client, 3);
  client_stop(&client);
}

static void expect_violation(struct request *request, uint8_t type, uint32_t stream) {
  client_send(&client, request, type, stream);
  struct request *ping = request_begin();
  put_u64(&ping->writer, 1);
  client_send(&client, ping, FRAME_PING, 0);
  client_expect_silence(&client, 20);
  client_begin(&client);
}

static void violations_end_the_session(void) {
  client_start(&client);
  client_begin(&client);
  expect_violation(request_begin(), 4, 0);             // unknown type
  expect_violation(request_begin(), FRAME_RESULT, 1);  // the guest's own
  expect_violation(request_begin(), FRAME_PING, 0);    // too short
  expect_violation(request_begin(), FRAME_OPEN, 0);    // the session is no stream
  expect_violation(request_begin(), FRAME_OPEN, 1);    // not even a kind

  struct request *again = request_begin();
  put_u16(&again->writer, 1);
  put_u16(&again->writer, 1);
  put_u64(&again->writer, 0);
  expect_violation(again, FRAME_HELLO, 0);  // twice

  struct request *ping = request_begin();
  put_u64(&ping->writer, 1);
  size_t length = request_seal(&client, ping, FRAME_PING, 0);
  ping->bytes[length - 1] ^= 1;  // wrong checksum
  client_send_bytes(&client, ping->bytes, length);
  client_expect_silence(&client, 20);
  client_begin(&client);

  uint8_t header[FRAME_HEADER] = {0};
  store_u32(header, FRAME_PAYLOAD_MAX + 1);  // oversized
  header[4] = FRAME_PING;
  store_u16(header + 6, load_u16(client.nonce));
  client_send_bytes(&client, header, sizeof header);
  client_expect_silence(&client, 20);
  client_begin(&client);
  client_ping(&client, 1);
  client_stop(&client);
}

static void hints_and_dead_streams_are_ignored(void) {
  client_start(&client);
  client_begin(&client);
  client_send(&client, request_begin(), 64, 9);
  client_send(&client, request_begin(), 255, 0);
  send_close(&client, 77);
  send_window(&client, 77, 1, 5, 6);
  send_data(&client, 77, 0, "x", 1);
  client_ping(&client, 1);
  client_stop(&client);
}

static void unknown_kinds_and_bad_requests_are_refused(void) {
  client_start(&client);
  client_begin(&client);
  struct request *request = request_begin();
  put_u8(&request->writer, 99);
  client_send(&client, request, FRAME_OPEN, 1);
  CHECK_EQUAL(client_expect_error(&client, 1), 95);  // EOPNOTSUPP
  for (uint8_t kind = 12; kind <= 15; kind++) {
    request = request_begin();
    put_u8(&request->writer, kind);
    client_send(&client, request, FRAME_OPEN, kind);
    CHECK_EQUAL(client_expect_error(&client, kind), 95);  // the machine is not this agent's
  }
  for (uint8_t kind = 1; kind <= 10; kind++) {
    request = request_begin();
    put_u8(&request->writer, kind);
    put_u8(&request->writer, 1);
    client_send(&client, request, FRAME_OPEN, 100u + kind);
    CHECK_EQUAL(client_expect_error(&client, 100u + kind), 74);  // EBADMSG
  }
  request = request_begin();
  put_u8(&request->writer, 5);
  put_text(&request->writer, "/\0etc", 5);
  put_u8(&request->writer, 0);
  client_send(&client, request, FRAME_OPEN, 200);
  CHECK_EQUAL(client_expect_error(&client, 200), 22);  // EINVAL
  client_stop(&client);
}

static uint64_t seed = 0x9E3779B97F4A7C15;

static uint32_t random_number(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed >> 16);
}

// Correct frames with random types, kinds and payloads: whatever they do, the agent lives and answers the next session.
static void garbage_does_no_harm(void) {
  uint8_t noise[4096];
  client_start(&client);
  client_begin(&client);
  for (int round = 0; round < 400; round++) {
    bool is_framed = round % 4 != 0;
    struct request *request = request_begin();
    size_t length = random_number() % (round % 10 == 0 ? 4000 : 60);
    for (size_t i = 0; i < length; i++)
      noise[i] = (uint8_t)(random_number() % 3 == 0 ? random_number() : random_number() % 4);
    // Not the kinds that change files (write, mkdir, remove, rename): noise might spell a path.
    static const uint8_t kinds[] = {0, 1, 2, 4, 5, 9, 10, 11, 12, 16};
    if (length > 0) noise[0] = kinds[random_number() % sizeof kinds];
    put_bytes(&request->writer, noise, length);
    static const uint8_t types[] = {1, 2, 3, 16, 16, 16, 16, 19, 20, 21, 22, 23, 25, 26, 64};
    size_t sealed = request_seal(&client, request, types[random_number() % sizeof types], random_number() % 4);
    if (is_framed)
      client_send_bytes(&client, request->bytes, sealed);
    else
      client_send_bytes(&client, noise, length);
    if (round % 3 == 0) client_begin(&client);
  }
  client_begin(&client);
  client_ping(&client, 1);
  client_stop(&client);
}

RUN_TESTS(TEST(hello_answers), TEST(no_common_version_waits_for_another_sync),
          TEST(cut_at_every_byte_towards_the_agent), TEST(cut_at_every_byte_of_sync_and_hello),
          TEST(cut_at_every_byte_towards_the_host), TEST(sync_in_two_parts), TEST(sync_inside_a_frame_begins_a_session),
          TEST(data_with_a_foreign_sync_begins_nothing), TEST(bytes_before_the_first_sync_are_dropped),
          TEST(violations_end_the_session), TEST(hints_and_dead_streams_are_ignored),
          TEST(unknown_kinds_and_bad_requests_are_refused), TEST(garbage_does_no_harm))
