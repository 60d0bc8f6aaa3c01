// What the machine is said to use. Against a real agent.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "client.h"

static struct client client;
static struct message message;

static void begin(void) {
  client_start(&client);
  client_begin(&client);
}

static struct request *ask_for_statistics(void) {
  struct request *request = request_begin();
  put_u8(&request->writer, 11);
  return request;
}

static void statistics(void) {
  begin();
  struct request *request = ask_for_statistics();
  client_send(&client, request, FRAME_OPEN, 1);
  client_expect(&client, &message, FRAME_RESULT, 1);
  uint64_t values[16];
  for (int i = 0; i < 16; i++) values[i] = take_u64(&message.reader);
  CHECK(values[0] > 0 && values[1] > 0 && values[3] > 0);
  CHECK(values[6] > 1 << 20 && values[7] <= values[6] && values[8] <= values[6]);
  CHECK(values[10] > 0 && values[11] <= values[10]);
  CHECK(take_u32(&message.reader) > 1);
  for (int i = 0; i < 3; i++) take_u32(&message.reader);
  CHECK(reader_is_finished(&message.reader));
  client_stop(&client);
}

// Who asks for counts is told the same, and them; another flag, or more than flags, is refused.
static void statistics_with_counts(void) {
  begin();
  struct request *request = ask_for_statistics();
  put_u8(&request->writer, 1);
  client_send(&client, request, FRAME_OPEN, 1);
  client_expect(&client, &message, FRAME_RESULT, 1);
  uint64_t values[16], counts[4];
  for (int i = 0; i < 16; i++) values[i] = take_u64(&message.reader);
  for (int i = 0; i < 4; i++) take_u32(&message.reader);
  for (int i = 0; i < 4; i++) counts[i] = take_u64(&message.reader);
  CHECK(reader_is_finished(&message.reader));
  // A sector is the least that is read or written, and an Ethernet header the least that is sent.
  CHECK((counts[0] > 0) == (values[12] > 0) && counts[0] <= values[12] / 512);
  CHECK((counts[2] > 0) == (values[14] > 0) && counts[2] <= values[14]);
  CHECK((counts[3] > 0) == (values[15] > 0) && counts[3] <= values[15]);

  request = ask_for_statistics();
  put_u8(&request->writer, 2);
  client_send(&client, request, FRAME_OPEN, 2);
  CHECK_EQUAL(client_expect_error(&client, 2), EINVAL);
  request = ask_for_statistics();
  put_u16(&request->writer, 1);
  client_send(&client, request, FRAME_OPEN, 3);
  CHECK_EQUAL(client_expect_error(&client, 3), EBADMSG);
  client_stop(&client);
}

// ---- devices, with a /sys of the test's making: what it says of them is all that tells one kind from another

static void enter_made_up_devices(void) {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    skip("no right to make namespaces");
  CHECK(mount("tmpfs", "/sys", "tmpfs", 0, "mode=755") == 0);
  CHECK(mkdir("/sys/class", 0755) == 0 && mkdir("/sys/class/net", 0755) == 0 && mkdir("/sys/block", 0755) == 0);
}

// A device that has received so many packets. `entry`: what it has in /sys besides, or NULL.
static void make_device(const char *name, const char *entry, int packets) {
  static const uint8_t packet[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5};
  char path[128];
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strcpy(request.ifr_name, name);
  int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) skip("no virtual network interface can be made here");
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_flags = IFF_UP;
  CHECK(ioctl(control, SIOCSIFFLAGS, &request) == 0);
  close(control);
  for (int i = 0; i < packets; i++) CHECK_EQUAL(write(tap, packet, sizeof packet), sizeof packet);
  snprintf(path, sizeof path, "/sys/class/net/%s", name);
  CHECK(mkdir(path, 0755) == 0);
  if (!entry) return;
  snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, entry);
  CHECK(mkdir(path, 0755) == 0);
}

// Operations of reading from disks, and packets received, as the agent counts them.
static void ask_for_counts(uint32_t stream, uint64_t *reads, uint64_t *packets) {
  struct request *request = ask_for_statistics();
  put_u8(&request->writer, 1);
  client_send(&client, request, FRAME_OPEN, stream);
  client_expect(&client, &message, FRAME_RESULT, stream);
  for (int i = 0; i < 16; i++) take_u64(&message.reader);
  for (int i = 0; i < 4; i++) take_u32(&message.reader);
  *reads = take_u64(&message.reader);
  take_u64(&message.reader);
  *packets = take_u64(&message.reader);
}

static void packets_are_counted_where_they_leave_the_machine(void) {
  uint64_t reads, packets;
  enter_made_up_devices();
  make_device("ens3", "device", 1);
  make_device("ens4", "device", 2);
  make_device("bond0", "lower_ens3", 4);
  make_device("docker0", "bridge", 8);
  make_device("veth1", "master", 16);
  make_device("dummy0", NULL, 32);
  begin();
  ask_for_counts(1, &reads, &packets);
  CHECK_EQUAL(packets, 1 + 2);
  client_stop(&client);
}

// As in a container: its way out is one of a pair, the other of which its host has.
static void packets_are_counted_without_a_device_of_its_own(void) {
  uint64_t reads, packets;
  enter_made_up_devices();
  make_device("eth0", NULL, 1);
  make_device("docker0", "bridge", 2);
  make_device("veth1", "master", 4);
  make_device("eth0.7", "lower_eth0", 8);
  begin();
  ask_for_counts(1, &reads, &packets);
  CHECK_EQUAL(packets, 1);
  client_stop(&client);
}

// Some disk of this machine that has been read from.
static void find_disk(char name[64]) {
  char line[512];
  unsigned long long reads;
  FILE *file = fopen("/proc/diskstats", "re");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "%*u %*u %63s %llu", name, &reads) == 2 && reads > 0 && strncmp(name, "loop", 4) != 0 &&
        strncmp(name, "ram", 3) != 0 && strncmp(name, "zram", 4) != 0 && strncmp(name, "dm-", 3) != 0) {
      fclose(file);
      return;
    }
  skip("this machine has read from no disk");
}

static void disks_that_lie_on_others_are_not_counted(void) {
  char name[64], path[128];
  uint64_t reads, packets;
  find_disk(name);
  enter_made_up_devices();
  begin();
  CHECK(mkdir("/sys/block/zram0", 0755) == 0);
  ask_for_counts(1, &reads, &packets);
  CHECK_EQUAL(reads, 0);
  snprintf(path, sizeof path, "/sys/block/%s", name);
  CHECK(mkdir(path, 0755) == 0);
  snprintf(path, sizeof path, "/sys/block/%s/slaves", name);
  CHECK(mkdir(path, 0755) == 0);
  ask_for_counts(2, &reads, &packets);
  CHECK(reads > 0);
  snprintf(path, sizeof path, "/sys/block/%s/slaves/other", name);
  CHECK(mkdir(path, 0755) == 0);
  ask_for_counts(3, &reads, &packets);
  CHECK_EQUAL(reads, 0);
  client_stop(&client);
}

RUN_TESTS(TEST(statistics), TEST(statistics_with_counts), TEST(packets_are_counted_where_they_leave_the_machine),
          TEST(packets_are_counted_without_a_device_of_its_own), TEST(disks_that_lie_on_others_are_not_counted))
