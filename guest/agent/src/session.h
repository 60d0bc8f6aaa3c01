// Sessions (sections 1 to 3 of PROTOCOL.md): who may begin one, the frames within it, HELLO and PING. What a frame
// means to its stream is decided in stream.c.
//
//          SYNC with our key, at any byte, in any state
//        .--------------------------------------------.
//        v                                            |
//     greeting --HELLO, common version--> open ---violation, link lost---> silent
//        `-------no common version, anything else-------------------------^
//
// silent: all input is dropped. greeting: ECHO was written, nothing else may be. open: frames both ways.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

// What this process may do to the machine: its clock, name, power and file systems are its own to change.
void session_init(bool owns_machine);
bool session_owns_machine(void);

// True when these SYNC_SIZE bytes are a SYNC and its key is ours; the first one ever makes its key ours.
bool session_knows_sync(const uint8_t *sync);
// Ends the session before, if any, and answers the SYNC.
void session_begin(const uint8_t *sync);
// Ends the session: the host is gone, or broke the protocol.
void session_lose(void);
bool session_is_open(void);
// Once everything queued is out: ends the session and forgets the link key, so that whoever begins the next one brings it.
void session_forget_key(void);
// Everything queued is out.
void session_output_is_out(void);

// Takes bytes; returns how many. Fewer than given when there is no room for answers now, or an OPEN is being held.
size_t session_receive(const uint8_t *data, size_t length);
// While held, sessions are answered but OPENs wait (the machine is still starting).
void session_hold(bool is_held);
// A whole frame waits to be taken; no more input is wanted before.
bool session_has_frame(void);
// That frame is an OPEN, and OPENs are held.
bool session_is_holding(void);
// Ends the session if an answer could not be written. To be called when no stream is at work.
void session_settle(void);

// A frame to be written with put_*, of at most `capacity` bytes of payload, and then sent. A frame that became `full`
// is not sent and ends the session: callers size their frames so that it cannot be.
struct writer frame_begin(size_t capacity);
void frame_send(struct writer *payload, uint8_t type, uint32_t stream);
