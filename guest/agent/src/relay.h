// A process of its own that joins two pipes to the agent's socket: how a container's agent is reached from outside.
#pragma once

// Returns the exit code: 0 when either side has ended, 1 when nobody listens at `path`.
int relay(const char *path);
