// Kernel modules of the initramfs, in the order of /modules/order.
#pragma once

// Loads those without which nothing works: up to and including the drivers of the link and of the root disk.
void modules_load_first(void);
// Then, in the same process or a child of it, also after the root has changed: up to the network's, and all others.
void modules_load_for_network(void);
void modules_load_rest(void);
// No more will be loaded by this process.
void modules_close(void);
