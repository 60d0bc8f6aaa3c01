// The kinds of section 5 of PROTOCOL.md. Each *_open reads its request and either answers it or makes a stream.
#pragma once
#include <stdint.h>

#include "wire.h"

void open_kind(uint8_t kind, uint32_t id, struct reader *request);

void exec_open(uint32_t id, struct reader *request);
void read_open(uint32_t id, struct reader *request);
void write_open(uint32_t id, struct reader *request);
void list_open(uint32_t id, struct reader *request);
void stat_open(uint32_t id, struct reader *request);
void mkdir_open(uint32_t id, struct reader *request);
void remove_open(uint32_t id, struct reader *request);
void rename_open(uint32_t id, struct reader *request);
void watch_open(uint32_t id, struct reader *request);
void tcp_open(uint32_t id, struct reader *request);
void stats_open(uint32_t id, struct reader *request);
void identify_open(uint32_t id, struct reader *request);
void shutdown_open(uint32_t id, struct reader *request);
// As PID 1 of a container: all that runs in it is asked to end, then the container ends.
void shut_down_container(void);
void freeze_open(uint32_t id, struct reader *request);
void thaw_open(uint32_t id, struct reader *request);
void prepare_open(uint32_t id, struct reader *request);
void tools_open(uint32_t id, struct reader *request);
void grow_open(uint32_t id, struct reader *request);
