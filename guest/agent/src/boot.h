// PID 1 of a directly booted machine, from the kernel's hand-over to a machine that may run commands.
#pragma once
#include <stdbool.h>

// Does what must be done before the link can work: drivers, root disk, file systems of the kernel.
void boot_first(void);
// Does the rest in a child, while sessions are answered already; OPENs are held until the network is up.
void boot_rest(void);
// True once nothing of the boot is under way any more, and its process is gone.
bool boot_is_finished(void);
// Grows the root's file system, in a child, should its disk have become larger or become so within the next second.
void boot_grow_root(void);
