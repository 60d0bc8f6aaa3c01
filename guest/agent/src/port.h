#pragma once

// Opens the virtio-serial port of this name. -1 while there is none (it comes up some time after its driver).
int port_open(const char *name);
