// FREEZE and THAW: every file system on a disk, so that a snapshot of the disk is consistent.
#include "freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kinds.h"
#include "linux-abi.h"
#include "loop.h"
#include "path.h"
#include "session.h"
#include "stream.h"
#include "unary.h"

enum { MOUNTS_MAX = 64, FROZEN_AT_MOST_SECONDS = 30 };

static bool is_frozen;
static struct timer thaw_timer;

// Opens the mount points of disks, each file system once, in the order they were mounted.
static int open_file_systems(int *fds) {
  dev_t devices[MOUNTS_MAX];
  int count = 0;
  FILE *mounts = setmntent("/proc/self/mounts", "re");
  const struct mntent *mount;
  while (mounts && count < MOUNTS_MAX && (mount = getmntent(mounts))) {
    struct stat status;
    if (strncmp(mount->mnt_fsname, "/dev/", 5) != 0) continue;
    fds[count] = open(mount->mnt_dir, O_RDONLY | O_CLOEXEC);
    if (fds[count] < 0) continue;
    bool is_known = fstat(fds[count], &status) != 0;
    for (int i = 0; i < count; i++) is_known = is_known || devices[i] == status.st_dev;
    if (is_known) {
      close(fds[count]);
      continue;
    }
    devices[count++] = status.st_dev;
  }
  if (mounts) endmntent(mounts);
  return count;
}

uint32_t thaw_all(void) {
  int fds[MOUNTS_MAX];
  int count = open_file_systems(fds);
  uint32_t thawed = 0;
  for (int i = 0; i < count; i++) {
    thawed += ioctl(fds[i], ABI_FITHAW, 0) == 0;
    close(fds[i]);
  }
  is_frozen = false;
  timer_stop(&thaw_timer);
  return thawed;
}

// Last mounted first, so that a file system is never frozen while one below it may still write to it (a loop device).
static int freeze_all(const void *request, struct writer *result) {
  (void)request;
  int fds[MOUNTS_MAX];
  uint32_t frozen = 0;
  for (int i = open_file_systems(fds) - 1; i >= 0; i--) {
    if (ioctl(fds[i], ABI_FIFREEZE, 0) == 0) {
      frozen++;
    } else if (errno != EOPNOTSUPP) {
      int error = errno;
      thaw_all();
      return error;
    }
  }
  put_u32(result, frozen);
  return 0;
}

static void on_thaw_timer(struct timer *timer) {
  (void)timer;
  thaw_all();
}

static void after_freeze(int error) {
  if (!error) return;
  is_frozen = false;
  timer_stop(&thaw_timer);
}

void freeze_open(uint32_t id, struct reader *request) {
  if (refuse_request(id, request, NULL)) return;
  if (is_frozen) {
    send_error(id, EBUSY, "freeze");
    return;
  }
  // Armed first: whatever becomes of the stream and the session, it thaws.
  is_frozen = true;
  thaw_timer.fire = on_thaw_timer;
  timer_set(&thaw_timer, now_ns() + FROZEN_AT_MOST_SECONDS * SECOND_NS);
  if (!unary_job(id, freeze_all, NULL, "freeze", after_freeze)) after_freeze(EAGAIN);
}

void thaw_open(uint32_t id, struct reader *request) {
  if (refuse_request(id, request, NULL)) return;
  struct writer result = frame_begin(4);
  put_u32(&result, thaw_all());
  send_result(&result, id);
}
