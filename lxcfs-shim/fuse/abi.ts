/**
 * The wire numbers of linux/fuse.h 7.45, under the header's own names. Everything on the wire is in
 * the byte order of the machine, which is little-endian on each one Node runs on with /dev/fuse.
 */

export const FUSE_KERNEL_VERSION = 7;
export const FUSE_KERNEL_MINOR_VERSION = 45;
/** From here on (Linux 3.15) the replies to INIT, LOOKUP and GETATTR have the sizes below; Node 20 itself needs Linux 4.18. */
export const FUSE_OLDEST_MINOR_VERSION = 23;

export const FUSE_ROOT_ID = 1;

/** enum fuse_opcode */
export const FUSE = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  SETXATTR: 21,
  GETXATTR: 22,
  LISTXATTR: 23,
  REMOVEXATTR: 24,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  FSYNCDIR: 30,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36,
  DESTROY: 38,
  IOCTL: 39,
  POLL: 40,
  NOTIFY_REPLY: 41,
  BATCH_FORGET: 42,
  FALLOCATE: 43,
  READDIRPLUS: 44,
  RENAME2: 45,
  LSEEK: 46,
  TMPFILE: 51,
  STATX: 52,
} as const;

/** INIT flags; bits from 32 up travel in flags2, shifted down, and need FUSE_INIT_EXT. */
export const FUSE_ASYNC_READ: number = 1 << 0;
export const FUSE_AUTO_INVAL_DATA: number = 1 << 12;
export const FUSE_NO_OPEN_SUPPORT: number = 1 << 17;
export const FUSE_PARALLEL_DIROPS: number = 1 << 18;
export const FUSE_ABORT_ERROR: number = 1 << 21;
export const FUSE_INIT_EXT: number = 1 << 30;
/** Bit 39. */
export const FUSE_HAS_RESEND_FLAG2: number = 1 << 7;

/** enum fuse_notify_code */
export const FUSE_NOTIFY_RESEND = 7;

/** Answers to OPEN. */
export const FOPEN_DIRECT_IO: number = 1 << 0;

/** Sizes in bytes of the structures on the wire. */
export const SIZE = {
  /** struct fuse_in_header */
  inHeader: 40,
  /** struct fuse_out_header */
  outHeader: 16,
  /** struct fuse_attr */
  attr: 88,
  /** struct fuse_entry_out */
  entryOut: 128,
  /** struct fuse_attr_out */
  attrOut: 104,
  /** struct fuse_open_out */
  openOut: 16,
  /** struct fuse_statfs_out */
  statfsOut: 80,
  /** struct fuse_init_out */
  initOut: 64,
  /** struct fuse_dirent up to its name */
  direntHeader: 24,
} as const;

/** The least the kernel accepts for reading the device: it never splits a request over two reads. */
export const FUSE_MIN_READ_BUFFER = 8192;

/** A READ asks for at most 32 pages as long as FUSE_MAX_PAGES is not negotiated. */
export const FUSE_READ_MAX_BYTES: number = 32 * 4096;

/** fuse_read_in.read_flags: lock_owner is set. */
export const FUSE_READ_LOCKOWNER: number = 1 << 1;
