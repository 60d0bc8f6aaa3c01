#include "command-line.h"

#include <string.h>

#include "text-file.h"

bool find_value(const char *line, const char *key, char *value, size_t size) {
  size_t key_length = strlen(key);
  for (const char *word = line; *word;) {
    size_t length = strcspn(word, " \n");
    bool is_it = length > key_length && strncmp(word, key, key_length) == 0 && word[key_length] == '=';
    if (is_it && length - key_length - 1 < size) {
      memcpy(value, word + key_length + 1, length - key_length - 1);
      value[length - key_length - 1] = 0;
      return true;
    }
    word += length;
    word += strspn(word, " \n");
  }
  return false;
}

bool command_line_value(const char *key, char *value, size_t size) {
  char line[4096];
  return read_text_file("/proc/cmdline", line, sizeof line) > 0 && find_value(line, key, value, size);
}
