// The machine's one network interface, IPv4.
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct network {
  bool has_mac, has_ip, has_gateway;
  uint8_t mac[6];
  struct in_addr ip, netmask, gateway;
  char dns[256];  // addresses, separated by commas; "": as it is
};

// Takes "mac=…", "ip=ADDRESS/PREFIX", "gateway=…" or "dns=…". 0, or EINVAL for anything else and for a second of the
// same.
int network_take_setting(struct network *network, const char *setting);
// Makes it so, replacing what was there; what is not named stays. 0 or an errno.
int network_apply(const struct network *network);
int network_bring_up_loopback(void);
