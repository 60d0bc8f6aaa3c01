// LIST: one page of a directory in byte order. However large the directory is, only one page of names is kept: a heap
// whose top is the last name of the page so far.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "entry.h"
#include "frame.h"
#include "kinds.h"
#include "path.h"
#include "stream.h"
#include "unary.h"

enum {
  LIMIT_MAX = 10000,
  ENTRY_MIN = 39,  // bytes of the shortest entry: no page can have more names than fit
  PAGE_MAX = FRAME_PAYLOAD_MAX / ENTRY_MIN,
  NAME_SIZE = 256,
};

struct listing {
  struct path path, after;
  uint32_t limit;
};

struct page {
  char (*names)[NAME_SIZE];
  size_t count, limit;
  bool has_more;
};

static int compare(const void *a, const void *b) { return strcmp(a, b); }

static void swap(struct page *page, size_t a, size_t b) {
  char kept[NAME_SIZE];
  memcpy(kept, page->names[a], NAME_SIZE);
  memcpy(page->names[a], page->names[b], NAME_SIZE);
  memcpy(page->names[b], kept, NAME_SIZE);
}

static void sift_up(struct page *page, size_t at) {
  for (; at > 0 && strcmp(page->names[(at - 1) / 2], page->names[at]) < 0; at = (at - 1) / 2)
    swap(page, at, (at - 1) / 2);
}

static void sift_down(struct page *page, size_t at) {
  for (;;) {
    size_t largest = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < page->count; child++)
      if (strcmp(page->names[child], page->names[largest]) > 0) largest = child;
    if (largest == at) return;
    swap(page, at, largest);
    at = largest;
  }
}

static void offer(struct page *page, const char *name) {
  if (strlen(name) >= NAME_SIZE) return;
  if (page->count < page->limit) {
    strcpy(page->names[page->count], name);
    sift_up(page, page->count++);
    return;
  }
  page->has_more = true;
  if (strcmp(name, page->names[0]) >= 0) return;
  strcpy(page->names[0], name);
  sift_down(page, 0);
}

static int collect(DIR *directory, const char *after, struct page *page) {
  const struct dirent *entry;
  while (errno = 0, (entry = readdir(directory))) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, after) > 0) offer(page, name);
  }
  return errno;
}

// Entries that vanish while we look are left out.
static void put_page(struct writer *result, int directory, struct page *page) {
  uint8_t *start = result->at;
  uint32_t count = 0;
  put_u8(result, 0);
  put_u32(result, 0);
  for (size_t i = 0; i < page->count; i++) {
    int error = put_entry(result, directory, page->names[i], page->names[i], false);
    if (error == ENOBUFS) {
      page->has_more = true;
      break;
    }
    if (!error) count++;
  }
  start[0] = page->has_more;
  store_u32(start + 1, count);
}

static int work(const void *request, struct writer *result) {
  const struct listing *listing = request;
  DIR *directory = opendir(listing->path.text);
  if (!directory) return errno;
  struct page page = {.limit = listing->limit < PAGE_MAX ? listing->limit : PAGE_MAX};
  page.names = calloc(page.limit, NAME_SIZE);
  if (!page.names) return ENOMEM;
  int error = collect(directory, listing->after.text, &page);
  if (error) return error;
  qsort(page.names, page.count, NAME_SIZE, compare);
  put_page(result, dirfd(directory), &page);
  return 0;  // the process ends here, and with it all it holds
}

void list_open(uint32_t id, struct reader *request) {
  struct listing listing;
  take_path(request, &listing.path);
  listing.limit = take_u32(request);
  take_path(request, &listing.after);
  if (refuse_request(id, request, &listing.path)) return;
  // No name to start after is no error here.
  int after_error = listing.after.error == ENOENT ? 0 : listing.after.error;
  if (listing.limit < 1 || listing.limit > LIMIT_MAX || after_error) {
    send_error(id, EINVAL, "list %s", listing.path.text);
    return;
  }
  unary_job(id, work, &listing, "list", NULL);
}
