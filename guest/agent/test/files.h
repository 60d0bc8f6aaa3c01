// What the tests of files and directories share: an agent, and a directory for it to work in.
#pragma once
#include <sys/stat.h>

#include "client.h"

struct workplace {
  struct client client;
  struct message message;
  const char *base;
  uint32_t next_stream;
};
extern struct workplace place;

void begin(void);
// "base/name"; good until the next call.
const char *full(const char *name);
void make_file(const char *name, const char *content, mode_t mode);
// NULL when there is no such file.
const char *content_of(const char *name);
mode_t mode_of(const char *name);
int count_entries(void);
// A request about a path below the base, to be completed and sent; sending returns its stream.
struct request *open_request(uint8_t kind, const char *name);
uint32_t send_open(struct request *request);
