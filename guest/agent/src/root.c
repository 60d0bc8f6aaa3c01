#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command-line.h"
#include "linux-abi.h"
#include "log.h"
#include "loop.h"
#include "wire.h"

static char device[128] = "/dev/vda";

// A disk that was named is waited for: some drivers find theirs only after the module is loaded.
static bool wait_for_device(bool is_named) {
  const struct timespec pause_between = {.tv_nsec = 2 * MILLISECOND_NS};
  int64_t deadline = now_ns() + (is_named ? 5 * SECOND_NS : 20 * MILLISECOND_NS);
  while (access(device, F_OK) != 0) {
    if (now_ns() >= deadline) return false;
    nanosleep(&pause_between, NULL);
  }
  return true;
}

static void carry_mount(const char *from, const char *to) {
  mkdir(to, 0755);
  if (mount(from, to, NULL, MS_MOVE, NULL) != 0) log_line("%s cannot be moved: %s", from, strerror(errno));
}

// Where a life ended while its root grew, the superblock may count groups whose descriptors are in the journal alone. Who mounts it to write has
// them checked before the journal is replayed, and is refused; who mounts it to read has it replayed, and may write afterwards.
static bool mount_root(void) {
  if (mount(device, "/newroot", "ext4", 0, NULL) == 0) return true;
  if (errno != EUCLEAN) return false;
  if (mount(device, "/newroot", "ext4", MS_RDONLY, NULL) != 0 || umount("/newroot") != 0) return false;
  log_line("the journal of the root disk %s is replayed", device);
  return mount(device, "/newroot", "ext4", 0, NULL) == 0;
}

bool root_switch(void) {
  bool is_named = command_line_value("volary.root", device, sizeof device);
  if (!wait_for_device(is_named)) {
    log_line("no root disk %s: the initramfs stays", device);
    return false;
  }
  mkdir("/newroot", 0755);
  if (!mount_root()) {
    log_line("root disk %s cannot be mounted: %s", device, strerror(errno));
    return false;
  }
  carry_mount("/dev", "/newroot/dev");
  carry_mount("/proc", "/newroot/proc");
  carry_mount("/sys", "/newroot/sys");
  bool is_switched =
      chdir("/newroot") == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0 && chdir("/") == 0;
  if (!is_switched) log_line("the root cannot be switched: %s", strerror(errno));
  return is_switched;
}

// How many blocks an ext4 file system has, and their size: from its superblock.
static bool read_superblock(int disk, uint64_t *blocks, uint64_t *block_size) {
  enum {
    OFFSET = 1024,
    SIZE = 1024,
    BLOCKS_LOW = 4,
    LOG_BLOCK_SIZE = 24,
    MAGIC = 56,
    FEATURES = 96,
    BLOCKS_HIGH = 336,
    HAS_64_BITS = 0x80
  };
  uint8_t block[SIZE];
  if (pread(disk, block, SIZE, OFFSET) != SIZE || load_u16(block + MAGIC) != 0xEF53) return false;
  uint32_t log_size = load_u32(block + LOG_BLOCK_SIZE);
  bool has_64_bits = load_u32(block + FEATURES) & HAS_64_BITS;
  *block_size = UINT64_C(1024) << (log_size & 15);
  *blocks = load_u32(block + BLOCKS_LOW) | (has_64_bits ? (uint64_t)load_u32(block + BLOCKS_HIGH) << 32 : 0);
  return true;
}

// How many blocks the file system could have, and has now.
static bool compare_sizes(int disk, uint64_t *possible, uint64_t *present) {
  uint64_t disk_bytes, block_size;
  bool is_known = disk >= 0 && ioctl(disk, ABI_BLKGETSIZE64, &disk_bytes) == 0 &&
                  read_superblock(disk, present, &block_size);
  if (is_known) *possible = disk_bytes / block_size;
  return is_known;
}

uint64_t root_bytes(void) {
  uint64_t blocks, block_size;
  int disk = open(device, O_RDONLY | O_CLOEXEC);
  bool is_known = disk >= 0 && read_superblock(disk, &blocks, &block_size);
  if (disk >= 0) close(disk);
  return is_known ? blocks * block_size : 0;
}

bool root_is_smaller_than_disk(void) {
  uint64_t possible, present;
  int disk = open(device, O_RDONLY | O_CLOEXEC);
  bool is_smaller = compare_sizes(disk, &possible, &present) && present < possible;
  if (disk >= 0) close(disk);
  return is_smaller;
}

void root_grow(void) {
  uint64_t possible, present;
  int disk = open(device, O_RDONLY | O_CLOEXEC), root = open("/", O_RDONLY | O_CLOEXEC);
  if (root < 0 || !compare_sizes(disk, &possible, &present))
    log_line("the size of %s is not known", device);
  else if (present < possible && ioctl(root, ABI_EXT4_IOC_RESIZE_FS, &possible) != 0)
    log_line("%s cannot be grown: %s", device, strerror(errno));
  if (disk >= 0) close(disk);
  if (root >= 0) close(root);
}
