#include "account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192 };

// The next field of a line with colons; the line moves on.
static char *field(char **line) {
  char *start = *line;
  char *end = start + strcspn(start, ":\n");
  *line = *end == ':' ? end + 1 : end;
  *end = 0;
  return start;
}

// Cut off where there is no room: such a name or path cannot be used anyway.
static void copy(char *to, size_t size, const char *from) {
  size_t length = strnlen(from, size - 1);
  memcpy(to, from, length);
  to[length] = 0;
}

static bool is_number(const char *text) { return *text && text[strspn(text, "0123456789")] == 0; }

static bool parse_account(char *line, const char *user, struct account *account) {
  char *name = field(&line);
  field(&line);
  char *uid = field(&line), *gid = field(&line);
  if (!*name || !is_number(uid) || !is_number(gid)) return false;
  if (strcmp(name, user) != 0 && strcmp(uid, user) != 0) return false;
  field(&line);
  char *home = field(&line), *shell = field(&line);
  account->uid = (uid_t)strtoul(uid, NULL, 10);
  account->gid = (gid_t)strtoul(gid, NULL, 10);
  copy(account->name, sizeof account->name, name);
  copy(account->home, sizeof account->home, *home ? home : "/");
  copy(account->shell, sizeof account->shell, *shell ? shell : "/bin/sh");
  return true;
}

static bool has_member(char *members, const char *name) {
  for (char *member = strtok(members, ","); member; member = strtok(NULL, ","))
    if (strcmp(member, name) == 0) return true;
  return false;
}

static void add_groups(struct account *account, FILE *groups) {
  char buffer[LINE_SIZE];
  while (account->group_count < GROUPS_MAX && fgets(buffer, sizeof buffer, groups)) {
    char *line = buffer;
    field(&line);
    field(&line);
    char *gid = field(&line), *members = field(&line);
    if (!is_number(gid) || !has_member(members, account->name)) continue;
    account->groups[account->group_count++] = (gid_t)strtoul(gid, NULL, 10);
  }
}

bool find_account(const char *user, struct account *account) {
  bool is_root = !*user || strcmp(user, "root") == 0 || strcmp(user, "0") == 0;
  bool is_found = false;
  char line[LINE_SIZE];
  *account = (struct account){.name = "root", .home = "/", .shell = "/bin/sh"};
  FILE *users = fopen("/etc/passwd", "re");
  while (users && !is_found && fgets(line, sizeof line, users))
    is_found = parse_account(line, is_root ? "root" : user, account);
  if (users) fclose(users);
  if (!is_found && !is_root) return false;
  account->groups[account->group_count++] = account->gid;
  FILE *groups = fopen("/etc/group", "re");
  if (groups) {
    add_groups(account, groups);
    fclose(groups);
  }
  return true;
}
