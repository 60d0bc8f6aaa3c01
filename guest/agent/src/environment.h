// The environment of a command.
#pragma once
#include "account.h"
#include "execution.h"

// What the request asks for, after the defaults that it does not name. NULL without memory; to be freed by
// environment_free.
char **environment_make(const struct exec_request *request, const struct account *account);
void environment_free(char **environment);
