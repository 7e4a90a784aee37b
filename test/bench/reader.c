/*
 * reader FILE READERS SECONDS [pread]
 *
 * READERS threads open FILE, read it to its end and close it, over and over for SECONDS; with `pread` each keeps it open
 * and reads it by one pread(2), as who knows that a short read is the end. Prints one line of JSON: reads, wall seconds, and quantiles of one read in microseconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES_MAX = 1 << 20, BUFFER_BYTES = 1 << 17, READERS_MAX = 64 };

struct reader {
  pthread_t thread;
  uint32_t *nanoseconds;
  long count;
};

static const char *path;
static int keeps_open;
static uint64_t end_ns;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void read_to_end(int fd, char *buffer) {
  off_t at = 0;
  ssize_t count;
  while ((count = pread(fd, buffer, BUFFER_BYTES, at)) > 0) at += count;
  if (count < 0) fail(path);
}

static void *run(void *argument) {
  struct reader *self = argument;
  char *buffer = malloc(BUFFER_BYTES);
  int kept = keeps_open ? open(path, O_RDONLY) : -1;
  if (buffer == NULL || (keeps_open && kept < 0)) fail(path);
  uint64_t start = now_ns();
  do {
    int fd = keeps_open ? kept : open(path, O_RDONLY);
    if (fd < 0) fail(path);
    if (!keeps_open) read_to_end(fd, buffer);
    else if (pread(fd, buffer, BUFFER_BYTES, 0) <= 0) fail(path);
    if (!keeps_open) close(fd);
    uint64_t stop = now_ns();
    if (self->count < SAMPLES_MAX) self->nanoseconds[self->count] = (uint32_t)(stop - start);
    self->count++;
    start = stop;
  } while (start < end_ns);
  return NULL;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  struct reader readers[READERS_MAX] = {0};
  if (argc < 4) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* nsenter(1), which is what a bench has of us, is killed without us */
  path = argv[1];
  int count = atoi(argv[2]);
  double seconds = atof(argv[3]);
  keeps_open = argc > 4 && strcmp(argv[4], "pread") == 0;
  if (count < 1 || count > READERS_MAX) return 2;

  uint64_t start = now_ns();
  end_ns = start + (uint64_t)(seconds * 1e9);
  for (int i = 0; i < count; i++) {
    readers[i].nanoseconds = malloc(SAMPLES_MAX * sizeof(uint32_t));
    if (readers[i].nanoseconds == NULL) fail("malloc");
    if (pthread_create(&readers[i].thread, NULL, run, &readers[i]) != 0) fail("pthread_create");
  }
  long reads = 0, kept = 0;
  for (int i = 0; i < count; i++) {
    pthread_join(readers[i].thread, NULL);
    reads += readers[i].count;
    kept += readers[i].count < SAMPLES_MAX ? readers[i].count : SAMPLES_MAX;
  }
  double wall = (double)(now_ns() - start) / 1e9;
  uint32_t *all = malloc((size_t)(kept + 1) * sizeof(uint32_t));
  if (all == NULL) fail("malloc");
  long at = 0;
  for (int i = 0; i < count; i++) {
    long own = readers[i].count < SAMPLES_MAX ? readers[i].count : SAMPLES_MAX;
    memcpy(all + at, readers[i].nanoseconds, (size_t)own * sizeof(uint32_t));
    at += own;
  }
  if (kept == 0) return 1;
  qsort(all, (size_t)kept, sizeof(uint32_t), ascending);
  printf("{\"reads\":%ld,\"seconds\":%.3f,\"p50Us\":%.3f,\"p99Us\":%.3f}\n", reads, wall, all[kept / 2] / 1e3,
         all[(long)((double)kept * 0.99)] / 1e3);
  return 0;
}
