#pragma once

// Has the disks of the machine that were given a name lie under it, as /dev/disk/by-id/virtio-NAME: where there is a udev, that does so.
void disks_name(void);
