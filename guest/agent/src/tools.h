// Tool packs (kind TOOLS of PROTOCOL.md).
#pragma once
#include <stdbool.h>

// Where the commands of all tools are, on the PATH of whatever is started.
#define TOOLS_BIN "/opt/volary/bin"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool tools_are_there(void);
