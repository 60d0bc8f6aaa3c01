// STATS: what /proc says of the machine.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "kinds.h"
#include "log.h"
#include "loop.h"
#include "path.h"
#include "session.h"
#include "stream.h"

enum { SECTOR_SIZE = 512, WITH_COUNTS = 1 };

static void put_cpu(struct writer *result) {
  unsigned long long user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  FILE *file = fopen("/proc/stat", "re");
  if (file) {
    int count = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait, &irq,
                       &softirq, &steal);
    if (count < 4) log_line("/proc/stat is not understood");
    fclose(file);
  }
  put_u64(result, user + nice);
  put_u64(result, system + irq + softirq);
  put_u64(result, idle);
  put_u64(result, iowait);
  put_u64(result, steal);
}

static void put_memory(struct writer *result) {
  unsigned long long total = 0, free_kib = 0, available = 0, buffers = 0, cached = 0, value;
  char line[256], name[32];
  FILE *file = fopen("/proc/meminfo", "re");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%31[^:]: %llu", name, &value) != 2) continue;
    if (strcmp(name, "MemTotal") == 0) total = value;
    if (strcmp(name, "MemFree") == 0) free_kib = value;
    if (strcmp(name, "MemAvailable") == 0) available = value;
    if (strcmp(name, "Buffers") == 0) buffers = value;
    if (strcmp(name, "Cached") == 0) cached = value;
  }
  if (file) fclose(file);
  put_u64(result, total * 1024);
  put_u64(result, free_kib * 1024);
  put_u64(result, available * 1024);
  put_u64(result, (buffers + cached) * 1024);
}

static bool has_prefix(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

// True if the directory has an entry that begins so; "" is any. One that cannot be read has none.
static bool has_entry(const char *path, const char *prefix) {
  bool found = false;
  const struct dirent *entry;
  DIR *directory = opendir(path);
  while (directory && !found && (entry = readdir(directory)))
    found = entry->d_name[0] != '.' && has_prefix(entry->d_name, prefix);
  if (directory) closedir(directory);
  return found;
}

// Not one in memory, nor one that lies on others, such as a RAID: what it does is counted with them.
static bool is_whole_disk(const char *name) {
  static const char *const others[] = {"loop", "ram", "zram", "dm-"};
  char path[96];
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (has_prefix(name, others[i])) return false;
  snprintf(path, sizeof path, "/sys/block/%s", name);
  if (access(path, F_OK) != 0) return false;
  snprintf(path, sizeof path, "/sys/block/%s/slaves", name);
  return !has_entry(path, "");
}

// What only hosts that ask for it are told.
struct counts {
  uint64_t disk_reads, disk_writes, packets_received, packets_sent;
};

static void put_disks(struct writer *result, struct counts *counts) {
  unsigned long long read_sectors = 0, written_sectors = 0, reads, writes, sectors_in, sectors_out;
  char line[512], name[64];
  struct statvfs root = {0};
  if (statvfs("/", &root) != 0) log_line("the root file system cannot be measured");
  FILE *file = fopen("/proc/diskstats", "re");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%*u %*u %63s %llu %*u %llu %*u %llu %*u %llu", name, &reads, &sectors_in, &writes, &sectors_out) != 5)
      continue;
    if (!is_whole_disk(name)) continue;
    counts->disk_reads += reads;
    counts->disk_writes += writes;
    read_sectors += sectors_in;
    written_sectors += sectors_out;
  }
  if (file) fclose(file);
  put_u64(result, (uint64_t)root.f_blocks * root.f_frsize);
  put_u64(result, (uint64_t)root.f_bavail * root.f_frsize);
  put_u64(result, read_sectors * SECTOR_SIZE);
  put_u64(result, written_sectors * SECTOR_SIZE);
}

static bool device_has(const char *name, const char *entry) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, entry);
  return access(path, F_OK) == 0;
}

static bool has_physical_device(void) {
  bool found = false;
  const struct dirent *entry;
  DIR *directory = opendir("/sys/class/net");
  while (directory && !found && (entry = readdir(directory)))
    found = entry->d_name[0] != '.' && device_has(entry->d_name, "device");
  if (directory) closedir(directory);
  return found;
}

// Those that lead out of the machine, each packet counted once: not bridges, bonds and VLANs, which lie on others, nor what joins the
// containers of this guest to each other. Where the machine has no device of its own, as in a container, a virtual one leads out.
static bool leads_out(const char *name, bool has_physical) {
  char path[96];
  if (strcmp(name, "lo") == 0) return false;
  snprintf(path, sizeof path, "/sys/class/net/%s", name);
  if (has_entry(path, "lower_")) return false;
  if (has_physical) return device_has(name, "device");
  return !device_has(name, "master") && !device_has(name, "bridge");
}

static void put_network(struct writer *result, struct counts *counts) {
  unsigned long long received = 0, sent = 0, in, out, packets_in, packets_out;
  char line[512], name[64];
  bool has_physical = has_physical_device();
  FILE *file = fopen("/proc/net/dev", "re");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, " %63[^:]: %llu %llu %*u %*u %*u %*u %*u %*u %llu %llu", name, &in, &packets_in, &out, &packets_out) !=
            5 ||
        !leads_out(name, has_physical))
      continue;
    counts->packets_received += packets_in;
    counts->packets_sent += packets_out;
    received += in;
    sent += out;
  }
  if (file) fclose(file);
  put_u64(result, received);
  put_u64(result, sent);
}

static uint32_t count_processes(void) {
  uint32_t count = 0;
  const struct dirent *entry;
  DIR *directory = opendir("/proc");
  while (directory && (entry = readdir(directory))) count += isdigit((unsigned char)entry->d_name[0]) != 0;
  if (directory) closedir(directory);
  return count;
}

static void put_load(struct writer *result) {
  double loads[3] = {0};
  if (getloadavg(loads, 3) != 3) log_line("no load averages");
  for (int i = 0; i < 3; i++) put_u32(result, (uint32_t)(loads[i] * 100 + 0.5));
}

static void put_counts(struct writer *result, const struct counts *counts) {
  put_u64(result, counts->disk_reads);
  put_u64(result, counts->disk_writes);
  put_u64(result, counts->packets_received);
  put_u64(result, counts->packets_sent);
}

void stats_open(uint32_t id, struct reader *request) {
  struct timespec uptime;
  struct counts counts = {0};
  // A host of before the counts asks with nothing, and would not understand a longer answer.
  uint8_t flags = request->at < request->end ? take_u8(request) : 0;
  if (refuse_request(id, request, NULL)) return;
  if (flags > WITH_COUNTS) {
    send_error(id, EINVAL, "flags %u", flags);
    return;
  }
  struct writer result = frame_begin(256);
  clock_gettime(CLOCK_BOOTTIME, &uptime);
  put_u64(&result, (uint64_t)uptime.tv_sec * SECOND_NS + (uint64_t)uptime.tv_nsec);
  put_cpu(&result);
  put_memory(&result);
  put_disks(&result, &counts);
  put_network(&result, &counts);
  put_u32(&result, count_processes());
  put_load(&result);
  if (flags == WITH_COUNTS) put_counts(&result, &counts);
  send_result(&result, id);
}
