// The Entry of LIST and STAT.
#pragma once
#include <stdbool.h>

#include "wire.h"

// Looks at `path` below `directory` (an fd or AT_FDCWD) and appends its entry under `name`. Returns 0, or an errno with
// nothing appended; ENOBUFS when it does not fit.
int put_entry(struct writer *writer, int directory, const char *path, const char *name, bool follows_link);
