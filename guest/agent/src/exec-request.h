// The request of EXEC, from the frame into strings and arrays that execve takes.
#pragma once
#include "execution.h"
#include "wire.h"

// Returns 0 or an errno. To be freed in either case; `id` stays in the frame.
int exec_request_take(struct reader *payload, struct exec_request *request);
void exec_request_free(struct exec_request *request);
