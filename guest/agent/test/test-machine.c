// What an agent does to its machine, in namespaces of its own: name, identity, network. And what it reads at boot.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "check.h"
#include "client.h"
#include "command-line.h"
#include "identify.h"
#include "network.h"
#include "text-file.h"

static void command_lines(void) {
  static const char line[] =
      "console=ttyS0 volary.root=/dev/vdb quiet volary.hostname=a-b volary.dns= xvolary.port=no volary.port=p 1\n";
  char value[16] = "kept";
  CHECK(find_value(line, "volary.root", value, sizeof value) && strcmp(value, "/dev/vdb") == 0);
  CHECK(find_value(line, "volary.hostname", value, sizeof value) && strcmp(value, "a-b") == 0);
  CHECK(find_value(line, "volary.dns", value, sizeof value) && strcmp(value, "") == 0);
  CHECK(find_value(line, "volary.port", value, sizeof value) && strcmp(value, "p") == 0);
  strcpy(value, "kept");
  CHECK(!find_value(line, "volary.ip", value, sizeof value));
  CHECK(!find_value(line, "quiet", value, sizeof value));
  CHECK(!find_value(line, "volary.root", value, 4) && strcmp(value, "kept") == 0);
  CHECK(!find_value("", "a", value, sizeof value));
}

static void network_settings(void) {
  struct network network = {0};
  CHECK_EQUAL(network_take_setting(&network, "mac=52:54:00:Ab:cD:0f"), 0);
  CHECK(memcmp(network.mac, "\x52\x54\x00\xab\xcd\x0f", 6) == 0);
  CHECK_EQUAL(network_take_setting(&network, "ip=10.1.2.3/20"), 0);
  CHECK(network.netmask.s_addr == htonl(0xfffff000));
  CHECK_EQUAL(network_take_setting(&network, "gateway=10.1.0.1"), 0);
  CHECK_EQUAL(network_take_setting(&network, "dns=10.1.0.2,10.1.0.3"), 0);
  CHECK_EQUAL(network_take_setting(&network, "ip=10.1.2.3/20"), EINVAL);  // a second one
  static const char *const wrong[] = {"mac=52:54:00:ab:cd",
                                      "mac=52:54:00:ab:cd:0f:1",
                                      "ip=10.1.2.3",
                                      "ip=10.1.2/8",
                                      "ip=1.2.3.4/33",
                                      "ip=1.2.3.4/",
                                      "gateway=x",
                                      "dns=",
                                      "dns=a\nb",
                                      "mtu=9000",
                                      "",
                                      "ip=1.2.3.4/8x",
                                      "mac=zz:54:00:ab:cd:0f",
                                      "ip=/24",
                                      "dns=1.1.1.1 x"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct network fresh = {0};
    CHECK_EQUAL(network_take_setting(&fresh, wrong[i]), EINVAL);
  }
}

// A machine of its own: host name, network and mounts are the test's; /etc is a copy in memory.
static void enter_own_machine(void) {
  if (unshare(CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWNET) != 0) skip("no right to make namespaces");
  CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  CHECK(mount("tmpfs", "/etc", "tmpfs", 0, "mode=755") == 0);
  CHECK_EQUAL(write_text_file("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 old\n10.0.0.9 other"), 0);
}

static void check_file(const char *path, const char *expected) {
  char text[1024];
  CHECK(read_text_file(path, text, sizeof text) >= 0);
  if (strcmp(text, expected) != 0) fprintf(stderr, "%s: %s", path, text);
  CHECK(strcmp(text, expected) == 0);
}

static struct identity identity_for(const char *hostname) {
  static const uint8_t bytes[32] = {0xde, 0xad, 1, 2, 3};
  struct identity identity = {.machine_id = bytes, .entropy = bytes};
  strcpy(identity.hostname, hostname);
  return identity;
}

static void identity_is_taken_on(void) {
  int error;
  char name[64];
  enter_own_machine();
  CHECK(mkdir("/etc/ssh", 0755) == 0);
  CHECK_EQUAL(write_text_file("/etc/ssh/ssh_host_rsa_key", "secret"), 0);
  CHECK_EQUAL(write_text_file("/etc/ssh/ssh_host_rsa_key.pub", "public"), 0);
  CHECK_EQUAL(write_text_file("/etc/ssh/sshd_config", "config"), 0);
  struct identity identity = identity_for("fork-7");
  const char *failed = identify(&identity, &error);
  if (failed) fprintf(stderr, "%s: %s\n", failed, strerror(error));
  CHECK(!failed);
  CHECK(gethostname(name, sizeof name) == 0 && strcmp(name, "fork-7") == 0);
  check_file("/etc/hostname", "fork-7\n");
  check_file("/etc/hosts", "127.0.0.1 localhost\n10.0.0.9 other\n127.0.1.1\tfork-7\n");
  check_file("/etc/machine-id", "dead0102030000000000000000000000\n");
  CHECK(access("/etc/ssh/ssh_host_rsa_key", F_OK) != 0 && access("/etc/ssh/ssh_host_rsa_key.pub", F_OK) != 0);
  CHECK(access("/etc/ssh/sshd_config", F_OK) == 0);
}

static void identity_fails_closed(void) {
  int error;
  char before[64], after[64];
  enter_own_machine();
  CHECK(gethostname(before, sizeof before) == 0);
  struct identity identity = identity_for("bad name");
  CHECK(strcmp(identify(&identity, &error), "host name") == 0 && error == EINVAL);
  CHECK(gethostname(after, sizeof after) == 0 && strcmp(before, after) == 0);
  CHECK(access("/etc/machine-id", F_OK) != 0);  // the steps after it were not tried
  // There is no interface in this machine but lo.
  identity = identity_for("good");
  CHECK_EQUAL(network_take_setting(&identity.network, "ip=10.9.8.7/24"), 0);
  CHECK(strcmp(identify(&identity, &error), "network") == 0 && error == ENODEV);
}

static void run_program(const char *const *argv) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[0], (char *const *)argv);
    _exit(127);
  }
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  if (status != 0) skip("no virtual network interface can be made here");
}

static void the_network_is_replaced(void) {
  static const char *const settings[][4] = {
      {"mac=52:54:00:00:00:01", "ip=10.9.8.7/24", "gateway=10.9.8.1", "dns=10.9.8.2"},
      {"mac=52:54:00:00:00:02", "ip=172.16.5.6/16", "gateway=172.16.0.1", "dns=172.16.0.2,172.16.0.3"},
  };
  enter_own_machine();
  run_program((const char *const[]){"ip", "link", "add", "test0", "type", "bridge", NULL});
  CHECK_EQUAL(network_bring_up_loopback(), 0);
  struct ifreq request = {.ifr_name = "test0"};
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < 2; i++) {
    struct network network = {0};
    for (int k = 0; k < 4; k++) CHECK_EQUAL(network_take_setting(&network, settings[i][k]), 0);
    CHECK_EQUAL(network_apply(&network), 0);
    CHECK(ioctl(control, SIOCGIFHWADDR, &request) == 0 && memcmp(request.ifr_hwaddr.sa_data, network.mac, 6) == 0);
    CHECK(ioctl(control, SIOCGIFADDR, &request) == 0);
    CHECK(((struct sockaddr_in *)&request.ifr_addr)->sin_addr.s_addr == network.ip.s_addr);
    CHECK(ioctl(control, SIOCGIFNETMASK, &request) == 0);
    CHECK(((struct sockaddr_in *)&request.ifr_netmask)->sin_addr.s_addr == network.netmask.s_addr);
    char routes[2048], gateway[32];
    CHECK(read_text_file("/proc/thread-self/net/route", routes, sizeof routes) > 0);
    snprintf(gateway, sizeof gateway, "\t00000000\t%08X\t", network.gateway.s_addr);
    const char *route = strstr(routes, "\t00000000\t");
    CHECK(route && strncmp(route, gateway, strlen(gateway)) == 0 && !strstr(route + 1, "\ttest0\t00000000"));
  }
  check_file("/etc/resolv.conf", "nameserver 172.16.0.2\nnameserver 172.16.0.3\n");
  close(control);
}

static void accounts(void) {
  struct account account;
  enter_own_machine();
  CHECK(find_account("", &account) && account.uid == 0 && strcmp(account.home, "/") == 0);
  CHECK(!find_account("ann", &account));
  CHECK_EQUAL(
      write_text_file(
          "/etc/passwd",
          "root:x:0:0::/root:/bin/bash\nbroken\nann:x:1001:100:Ann,,,:/home/ann:\nbob:x:1002:100::/home/bob:/bin/zsh"),
      0);
  CHECK_EQUAL(write_text_file("/etc/group",
                              "root:x:0:\nusers:x:100:bob\nwheel:x:10:joann,ann\nvideo:x:44:ann,bob\nempty:x:45:\n"),
              0);
  CHECK(find_account("", &account) && strcmp(account.home, "/root") == 0 && strcmp(account.shell, "/bin/bash") == 0);
  CHECK(find_account("ann", &account) && account.uid == 1001 && account.gid == 100 &&
        strcmp(account.shell, "/bin/sh") == 0);
  CHECK(account.group_count == 3 && account.groups[0] == 100 && account.groups[1] == 10 && account.groups[2] == 44);
  CHECK(find_account("1002", &account) && strcmp(account.name, "bob") == 0);
  CHECK(!find_account("an", &account) && !find_account("100", &account));
}

RUN_TESTS(TEST(command_lines), TEST(network_settings), TEST(identity_is_taken_on), TEST(identity_fails_closed),
          TEST(the_network_is_replaced), TEST(accounts))
