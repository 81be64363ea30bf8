/* Notes the size of every append-only file at its last fdatasync, so that a test can cut the file to it: a power cut.
   Preloaded into redis-server; SYNCED_SIZES_DIR says where to note. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(int fd) {
  char link[64], path[4096], target[4096], text[32];
  struct stat info;
  const char *dir = getenv("SYNCED_SIZES_DIR");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (dir == NULL || length < 4 || fstat(fd, &info) != 0) return;
  path[length] = 0;
  if (strcmp(path + length - 4, ".aof") != 0) return;
  snprintf(target, sizeof target, "%s/%s", dir, strrchr(path, '/') + 1);
  int out = open(target, O_WRONLY | O_CREAT, 0600);
  if (out < 0) return;
  /* One write of one length: a kill leaves the old size or the new one, never nothing. */
  int count = snprintf(text, sizeof text, "%020lld", (long long)info.st_size);
  if (pwrite(out, text, (size_t)count, 0) != count) unlink(target);
  close(out);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int result = real(fd);
  if (result == 0) note(fd);
  return result;
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  int result = real(fd);
  if (result == 0) note(fd);
  return result;
}
