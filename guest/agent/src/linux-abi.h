// Kernel interfaces that musl has no headers for. Numbers from the kernel's own ABI; they never change.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

#define ABI_BLKGETSIZE64 _IOR(0x12, 114, size_t)
#define ABI_FIFREEZE _IOWR('X', 119, int)
#define ABI_FITHAW _IOWR('X', 120, int)
#define ABI_EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)
#define ABI_RNDADDENTROPY _IOW('R', 0x03, int[2])
#define ABI_RNDRESEEDCRNG _IO('R', 0x07)
#define ABI_TIOCGPTPEER _IO('T', 0x41)

#define ABI_BLKPG _IO(0x12, 105)
#define ABI_BLKPG_ADD 1

#define ABI_CLOSE_RANGE_CLOEXEC 4u
#define ABI_RESOLVE_NO_XDEV 1u
#define ABI_RESOLVE_NO_SYMLINKS 4u

// struct open_how of openat2(2).
struct abi_open_how {
  uint64_t flags, mode, resolve;
};

// struct blkpg_ioctl_arg and blkpg_partition.
struct abi_blkpg {
  int operation, flags, size;
  void *data;
};
struct abi_blkpg_partition {
  int64_t start, length;
  int number;
  char names[128];
};

// Closes all descriptors but standard input to error and these two (-1: none).
static inline void close_all_but(int one, int other) {
  int low = one < other ? one : other, high = one < other ? other : one;
  unsigned from = 3;
  for (int i = 0; i < 2; i++) {
    int kept = i == 0 ? low : high;
    if (kept < (int)from) continue;
    if (kept > (int)from) syscall(SYS_close_range, from, (unsigned)kept - 1, 0u);
    from = (unsigned)kept + 1;
  }
  syscall(SYS_close_range, from, ~0u, 0u);
}
