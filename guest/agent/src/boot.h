// PID 1 of a directly booted machine, from the kernel's hand-over to a machine that may run commands.
#pragma once

// Does what must be done before the link can work: drivers, root disk, file systems of the kernel.
void boot_first(void);
// Does the rest in a child, while sessions are answered already; OPENs are held until the network is up.
void boot_rest(void);
