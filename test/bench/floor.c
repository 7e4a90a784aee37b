/*
 * floor DIRECTORY: a FUSE server that does nothing else but answer, for one file `meminfo` of meminfo's length. One thread,
 * /dev/fuse without a library: the floor below which no server of direct-I/O files can be.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int device;
static char text[1500];

static void answer(uint64_t unique, int error, const void *body, size_t length) {
  char reply[sizeof(struct fuse_out_header) + 4096];
  struct fuse_out_header header = {.len = (uint32_t)(sizeof header + length), .error = error, .unique = unique};
  memcpy(reply, &header, sizeof header);
  if (length > 0) memcpy(reply + sizeof header, body, length);
  if (write(device, reply, header.len) < 0 && errno != ENOENT) perror("write");
}

static struct fuse_attr attributes(uint64_t node) {
  struct fuse_attr attr = {.ino = node, .nlink = 1};
  attr.mode = node == 1 ? S_IFDIR | 0555 : S_IFREG | 0444;
  return attr;
}

static void serve(const struct fuse_in_header *in, const void *body) {
  switch (in->opcode) {
    case FUSE_INIT: {
      const struct fuse_init_in *init = body;
      struct fuse_init_out out = {.major = 7, .minor = init->minor, .max_write = 4096};
      answer(in->unique, 0, &out, sizeof out);
      return;
    }
    case FUSE_LOOKUP: {
      struct fuse_entry_out out = {.nodeid = 2, .entry_valid = 3600, .attr_valid = 3600, .attr = attributes(2)};
      if (strcmp(body, "meminfo") != 0) answer(in->unique, -ENOENT, NULL, 0);
      else answer(in->unique, 0, &out, sizeof out);
      return;
    }
    case FUSE_GETATTR: {
      struct fuse_attr_out out = {.attr_valid = 3600, .attr = attributes(in->nodeid)};
      answer(in->unique, 0, &out, sizeof out);
      return;
    }
    case FUSE_OPEN: {
      struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO};
      answer(in->unique, 0, &out, sizeof out);
      return;
    }
    case FUSE_READ: {
      const struct fuse_read_in *read_in = body;
      size_t at = read_in->offset < sizeof text ? (size_t)read_in->offset : sizeof text;
      answer(in->unique, 0, text + at, sizeof text - at);
      return;
    }
    case FUSE_RELEASE:
      answer(in->unique, 0, NULL, 0);
      return;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
      return;
    default:
      answer(in->unique, -ENOSYS, NULL, 0);
  }
}

int main(int argc, char **argv) {
  static char buffer[1 << 17];
  char options[128];
  if (argc != 2) return 2;
  memset(text, 'x', sizeof text);
  device = open("/dev/fuse", O_RDWR);
  if (device < 0) return perror("/dev/fuse"), 1;
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
  if (mount("floor", argv[1], "fuse.floor", MS_NOSUID | MS_NODEV, options) < 0) return perror("mount"), 1;
  puts("ready");
  fflush(stdout);
  for (;;) {
    ssize_t length = read(device, buffer, sizeof buffer);
    if (length < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
    if (length < 0) return errno == ENODEV ? 0 : 1;
    serve((const struct fuse_in_header *)buffer, buffer + sizeof(struct fuse_in_header));
  }
}
