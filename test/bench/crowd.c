/*
 * crowd steady|burst|churn FOLDER COUNT SECONDS DIRECTORY...
 *
 * Containers: each a cgroup below every DIRECTORY, and one process in a pid and a cgroup namespace of its own that reads
 * files of FOLDER, an LXCFS-like mount, and notes how long each took: the nine that LXCFS has too, or all below FOLDER/proc.
 *   steady  COUNT of them read all files once a second, each at its own moment of it, for SECONDS
 *   burst   COUNT of them read all files once, at the same time; SECONDS is what they are given to
 *   churn   COUNT of them, one after the other, spread over SECONDS: each is made, reads every file twice, and ends;
 *          never more than a few at a time, however slow the machine
 * Prints one line of JSON: reads, errors, quantiles of one read in microseconds, wall seconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 64, LIVING_MAX = 32, SAMPLES_MAX = 1 << 22, PATH_BYTES = 4096, BUFFER_BYTES = 1 << 20 };

static const char *const SHARED_FILES[] = {"proc/cpuinfo", "proc/diskstats", "proc/loadavg",  "proc/meminfo", "proc/slabinfo",
                                    "proc/stat",    "proc/swaps",     "proc/uptime",   "sys/devices/system/cpu/online"};
enum { SHARED_COUNT = sizeof SHARED_FILES / sizeof SHARED_FILES[0] };

/* In memory that all processes share. */
static struct shared {
  long count, errors;
  /* When the readers begin; 0 until all containers are there. */
  uint64_t start_ns;
  uint32_t nanoseconds[SAMPLES_MAX];
} *shared;

static const char *folder;
static char **directories;
static char buffer[BUFFER_BYTES];

static char *files[FILES_MAX];
static int file_count;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns) {
  struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) continue;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void add_file(const char *path) {
  if (file_count == FILES_MAX || (files[file_count++] = strdup(path)) == NULL) fail(path);
}

static int add_found(const char *path, const struct stat *status, int type, struct FTW *place) {
  (void)status, (void)place;
  if (type == FTW_F) add_file(path);
  return 0;
}

static void find_files(int all) {
  char path[PATH_BYTES];
  for (int i = all ? SHARED_COUNT - 1 : 0; i < SHARED_COUNT; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, SHARED_FILES[i]);
    add_file(path);
  }
  snprintf(path, sizeof path, "%s/proc", folder);
  if (all && nftw(path, add_found, 8, FTW_PHYS) < 0) fail(path);
}

static void read_file(const char *path) {
  uint64_t start = now_ns();
  int fd = open(path, O_RDONLY);
  ssize_t length = -1;
  if (fd >= 0) {
    while ((length = read(fd, buffer, sizeof buffer)) > 0) continue;
    close(fd);
  }
  if (length < 0) __atomic_add_fetch(&shared->errors, 1, __ATOMIC_RELAXED);
  long index = __atomic_fetch_add(&shared->count, 1, __ATOMIC_RELAXED);
  if (index < SAMPLES_MAX) shared->nanoseconds[index] = (uint32_t)(now_ns() - start);
}

static void read_all(void) {
  for (int i = 0; i < file_count; i++) read_file(files[i]);
}

static void cgroup_path(char *path, const char *directory, int index, const char *file) {
  snprintf(path, PATH_BYTES, "%s/%d%s", directory, index, file);
}

/* Into the cgroup first: a cgroup namespace begins where its maker is. */
static pid_t make_container(int index, void (*body)(int), int argument) {
  char path[PATH_BYTES];
  for (char **directory = directories; *directory; directory++) {
    cgroup_path(path, *directory, index, "");
    if (mkdir(path, 0755) < 0 && errno != EEXIST) fail(path);
    cgroup_path(path, *directory, index, "/cgroup.procs");
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, "0", 1) < 0) fail(path);
    close(fd);
  }
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWCGROUP | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) fail("clone");
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  body(argument);
  _exit(0);
}

static void leave_containers(void) {
  char path[PATH_BYTES];
  for (char **directory = directories; *directory; directory++) {
    snprintf(path, sizeof path, "%s/../cgroup.procs", *directory);
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, "0", 1) < 0) fail(path);
    close(fd);
  }
}

static void remove_cgroup(int index) {
  char path[PATH_BYTES];
  for (char **directory = directories; *directory; directory++) {
    cgroup_path(path, *directory, index, "");
    for (int attempt = 0; rmdir(path) < 0 && errno == EBUSY && attempt < 1000; attempt++) usleep(1000);
  }
}

static int seconds_given, total;

static uint64_t wait_for_start(void) {
  uint64_t start_ns;
  while ((start_ns = __atomic_load_n(&shared->start_ns, __ATOMIC_ACQUIRE)) == 0) usleep(20000);
  sleep_until(start_ns);
  return start_ns;
}

static void read_steadily(int index) {
  uint64_t next = wait_for_start() + 1000000000u / (uint64_t)total * (uint64_t)index;
  for (int second = 0; second < seconds_given; second++, next += 1000000000u) {
    sleep_until(next);
    read_all();
  }
}

static void read_once(int index) {
  (void)index;
  wait_for_start();
  read_all();
}

static void read_twice(int index) {
  (void)index;
  read_all();
  usleep(200000);
  read_all();
}

static void wait_for_all(void) {
  while (wait(NULL) > 0 || errno == EINTR) continue;
}

static void together(void (*body)(int)) {
  for (int i = 0; i < total; i++) make_container(i, body, i);
  leave_containers();
  __atomic_store_n(&shared->start_ns, now_ns() + 500000000u, __ATOMIC_RELEASE);
  wait_for_all();
}

/* Waits for one that ends, and removes its cgroup; with WNOHANG only if one has. */
static int bury_one(const pid_t *pids, int made, int flags) {
  pid_t pid = waitpid(-1, NULL, flags);
  for (int i = made - 1; pid > 0 && i >= 0; i--)
    if (pids[i] == pid) {
      remove_cgroup(i);
      return 1;
    }
  return 0;
}

static void one_after_the_other(void) {
  uint64_t start = now_ns();
  pid_t *pids = calloc((size_t)total, sizeof(pid_t));
  if (pids == NULL) fail("calloc");
  int living = 0;
  for (int made = 0; made < total;) {
    sleep_until(start + (uint64_t)seconds_given * 1000000000u / (uint64_t)total * (uint64_t)made);
    pids[made] = make_container(made, read_twice, 0);
    leave_containers();
    made++;
    living++;
    while (bury_one(pids, made, living < LIVING_MAX ? WNOHANG : 0)) living--;
  }
  wait_for_all();
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  folder = argv[2];
  total = atoi(argv[3]);
  seconds_given = atoi(argv[4]);
  directories = argv + 5;
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  int is_churn = strcmp(argv[1], "churn") == 0;
  find_files(is_churn);
  uint64_t start = now_ns();
  if (is_churn) one_after_the_other();
  else {
    together(strcmp(argv[1], "burst") == 0 ? read_once : read_steadily);
    start = shared->start_ns;
  }
  double wall = (double)(now_ns() - start) / 1e9;
  for (int i = 0; i < total; i++) remove_cgroup(i);
  long kept = shared->count < SAMPLES_MAX ? shared->count : SAMPLES_MAX;
  if (kept == 0) return 1;
  qsort(shared->nanoseconds, (size_t)kept, sizeof(uint32_t), ascending);
  printf("{\"reads\":%ld,\"errors\":%ld,\"seconds\":%.3f,\"p50Us\":%.1f,\"p99Us\":%.1f}\n", shared->count,
         shared->errors, wall, shared->nanoseconds[kept / 2] / 1e3,
         shared->nanoseconds[(long)((double)kept * 0.99)] / 1e3);
  return 0;
}
