import { FUSE } from "./abi.ts";
import { ERRNO } from "./errno.ts";

/**
 * Changing anything is answered as the kernel's procfs and sysfs answer root (others are stopped by
 * default_permissions before a request is made): nothing can be made, renamed or removed, and no
 * file takes data. Access control lists and times are refused along with the rest of SETATTR.
 */
const CHANGES: Readonly<Record<number, number>> = {
  [FUSE.SETATTR]: ERRNO.EPERM,
  [FUSE.SYMLINK]: ERRNO.EPERM,
  [FUSE.MKNOD]: ERRNO.EPERM,
  [FUSE.MKDIR]: ERRNO.EPERM,
  [FUSE.UNLINK]: ERRNO.EPERM,
  [FUSE.RMDIR]: ERRNO.EPERM,
  [FUSE.RENAME]: ERRNO.EPERM,
  [FUSE.RENAME2]: ERRNO.EPERM,
  [FUSE.LINK]: ERRNO.EPERM,
  [FUSE.CREATE]: ERRNO.EACCES,
  [FUSE.TMPFILE]: ERRNO.EOPNOTSUPP,
  [FUSE.WRITE]: ERRNO.EACCES,
};

/**
 * The errno for an opcode that is no Operation. ENOSYS is more than a refusal: for FLUSH, FSYNC, ACCESS,
 * the xattr family, POLL, LSEEK, STATX and INTERRUPT the kernel remembers it and never asks again
 * (each close would cost a FLUSH otherwise), and answers callers as if the operation had nothing to do or was not there.
 */
export function refusalOf(opcode: number): number {
  return CHANGES[opcode] ?? ERRNO.ENOSYS;
}

/** FORGET takes no answer, not even an error, and neither does the kernel's own answer to a notification. */
const UNANSWERED: ReadonlySet<number> = new Set([FUSE.FORGET, FUSE.BATCH_FORGET, FUSE.NOTIFY_REPLY]);

export function expectsReply(opcode: number): boolean {
  return !UNANSWERED.has(opcode);
}
