// Kernel modules of the initramfs, in the order of /modules/order.
#pragma once

// Loads those without which nothing works: up to and including the drivers of the link and of the root disk.
void modules_load_first(void);
// Loads the rest. To be called in the same process or a child of it, also after the root has changed.
void modules_load_rest(void);
