// The byte pipe to the host, whatever it is made of: what comes in goes to the session, what is queued here goes out in
// as few writes as possible. Memory is bounded: input is read only while there is room for the answers to it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_kind {
  LINK_STREAM,       // pipes and sockets: the end is the end
  LINK_VIRTIO_PORT,  // never ends: a hang-up lasts until the host comes back
};

// Begins with a pipe, ending the one before (and its session). The fds may be the same and become the link's own.
// `ended` is told when a LINK_STREAM has ended; the link is then closed.
void link_start(enum link_kind kind, int in_fd, int out_fd, void (*ended)(void));
void link_stop(void);

// Room for `length` bytes at the end of the output, to be filled and then committed. NULL when there is no link, or
// when the output's bound is reached, which cannot be as long as link_has_room_* are asked first.
uint8_t *link_reserve(size_t length);
void link_commit(size_t length);
void link_drop_output(void);
// True while more stream data may be queued: low, so that small answers are never far behind bulk.
bool link_has_room_for_data(void);
// True while another request may be taken up, whatever its answer.
bool link_has_room_for_answer(void);

// Gives the session what has been read and not yet taken (true: it took something) and writes out what is queued.
bool link_take_input(void);
// True when there is input that could be taken now.
bool link_can_take_input(void);
void link_flush(void);
