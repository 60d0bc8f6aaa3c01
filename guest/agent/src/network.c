#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text-file.h"

static int take_mac(struct network *network, const char *text) {
  int end = 0;
  uint8_t *mac = network->mac;
  if (network->has_mac) return EINVAL;
  if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5],
             &end) != 6)
    return EINVAL;
  network->has_mac = true;
  return end == 17 && text[end] == 0 ? 0 : EINVAL;
}

static int take_ip(struct network *network, const char *text) {
  char address[INET_ADDRSTRLEN] = {0};
  const char *slash = strchr(text, '/');
  if (network->has_ip || !slash || (size_t)(slash - text) >= sizeof address) return EINVAL;
  memcpy(address, text, (size_t)(slash - text));
  char *end;
  unsigned long prefix = strtoul(slash + 1, &end, 10);
  if (end == slash + 1 || *end || prefix < 1 || prefix > 32) return EINVAL;
  network->netmask.s_addr = htonl(~UINT32_C(0) << (32 - prefix));
  network->has_ip = true;
  return inet_pton(AF_INET, address, &network->ip) == 1 ? 0 : EINVAL;
}

static int take_gateway(struct network *network, const char *text) {
  if (network->has_gateway) return EINVAL;
  network->has_gateway = true;
  return inet_pton(AF_INET, text, &network->gateway) == 1 ? 0 : EINVAL;
}

static int take_dns(struct network *network, const char *text) {
  if (*network->dns || !*text || strlen(text) >= sizeof network->dns) return EINVAL;
  strcpy(network->dns, text);
  return strspn(text, "0123456789abcdefABCDEF.:,") == strlen(text) ? 0 : EINVAL;
}

int network_take_setting(struct network *network, const char *setting) {
  if (strncmp(setting, "mac=", 4) == 0) return take_mac(network, setting + 4);
  if (strncmp(setting, "ip=", 3) == 0) return take_ip(network, setting + 3);
  if (strncmp(setting, "gateway=", 8) == 0) return take_gateway(network, setting + 8);
  if (strncmp(setting, "dns=", 4) == 0) return take_dns(network, setting + 4);
  return EINVAL;
}

static bool is_ethernet(int control, struct ifreq *request, const char *name) {
  memset(request, 0, sizeof *request);
  snprintf(request->ifr_name, sizeof request->ifr_name, "%s", name);
  return ioctl(control, SIOCGIFHWADDR, request) == 0 && request->ifr_hwaddr.sa_family == ARPHRD_ETHER;
}

// The first Ethernet interface there is, which is nearly always called that.
static int find_interface(int control, struct ifreq *request) {
  if (is_ethernet(control, request, "eth0")) return 0;
  struct if_nameindex *interfaces = if_nameindex();
  bool is_found = false;
  for (const struct if_nameindex *at = interfaces; at && at->if_index && !is_found; at++)
    is_found = is_ethernet(control, request, at->if_name);
  if (interfaces) if_freenameindex(interfaces);
  return is_found ? 0 : ENODEV;
}

static int set_flag(int control, struct ifreq *request, bool is_up) {
  if (ioctl(control, SIOCGIFFLAGS, request) != 0) return errno;
  request->ifr_flags = (short)(is_up ? request->ifr_flags | IFF_UP : request->ifr_flags & ~IFF_UP);
  return ioctl(control, SIOCSIFFLAGS, request) == 0 ? 0 : errno;
}

static int set_mac(int control, struct ifreq *request, const uint8_t *mac) {
  if (memcmp(request->ifr_hwaddr.sa_data, mac, 6) == 0) return 0;
  int error = set_flag(control, request, false);
  if (error) return error;
  request->ifr_hwaddr.sa_family = ARPHRD_ETHER;
  memcpy(request->ifr_hwaddr.sa_data, mac, 6);
  return ioctl(control, SIOCSIFHWADDR, request) == 0 ? 0 : errno;
}

static struct sockaddr socket_address(struct in_addr address) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr = address};
  struct sockaddr general;
  memcpy(&general, &four, sizeof general);
  return general;
}

static int set_ip(int control, struct ifreq *request, const struct network *network) {
  request->ifr_addr = socket_address(network->ip);
  if (ioctl(control, SIOCSIFADDR, request) != 0) return errno;
  request->ifr_netmask = socket_address(network->netmask);
  return ioctl(control, SIOCSIFNETMASK, request) == 0 ? 0 : errno;
}

static int set_gateway(int control, struct in_addr gateway) {
  struct in_addr any = {INADDR_ANY};
  struct rtentry route = {.rt_flags = RTF_UP};
  route.rt_dst = route.rt_genmask = socket_address(any);
  while (ioctl(control, SIOCDELRT, &route) == 0) continue;
  if (errno != ESRCH) return errno;
  route.rt_gateway = socket_address(gateway);
  route.rt_flags = RTF_UP | RTF_GATEWAY;
  return ioctl(control, SIOCADDRT, &route) == 0 ? 0 : errno;
}

static int set_dns(const char *servers) {
  char list[256], text[1024] = "";
  strcpy(list, servers);
  for (const char *server = strtok(list, ","); server; server = strtok(NULL, ",")) {
    size_t length = strlen(text);
    snprintf(text + length, sizeof text - length, "nameserver %s\n", server);
  }
  return write_text_file("/etc/resolv.conf", text);
}

static int apply_to_interface(int control, const struct network *network) {
  struct ifreq request;
  int error = find_interface(control, &request);
  if (!error && network->has_mac) error = set_mac(control, &request, network->mac);
  if (!error && network->has_ip) error = set_ip(control, &request, network);
  if (!error) error = set_flag(control, &request, true);
  if (!error && network->has_gateway) error = set_gateway(control, network->gateway);
  return error;
}

int network_apply(const struct network *network) {
  int error = 0;
  if (network->has_mac || network->has_ip || network->has_gateway) {
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return errno;
    error = apply_to_interface(control, network);
    close(control);
  }
  if (!error && *network->dns) error = set_dns(network->dns);
  return error;
}

int network_bring_up_loopback(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return errno;
  int error = set_flag(control, &request, true);
  close(control);
  return error;
}
