import { expect, test } from "vitest";
import { FUSE } from "../../../../lxcfs-shim/fuse/abi.ts";
import { ERRNO } from "../../../../lxcfs-shim/fuse/errno.ts";
import { expectsReply, refusalOf } from "../../../../lxcfs-shim/fuse/refusals.ts";

test("what would change something is refused with what procfs and sysfs say", () => {
  expect(refusalOf(FUSE.WRITE)).toBe(ERRNO.EACCES);
  expect(refusalOf(FUSE.CREATE)).toBe(ERRNO.EACCES);
  expect(refusalOf(FUSE.UNLINK)).toBe(ERRNO.EPERM);
  expect(refusalOf(FUSE.MKDIR)).toBe(ERRNO.EPERM);
  expect(refusalOf(FUSE.SETATTR)).toBe(ERRNO.EPERM);
});

test("what is not there is ENOSYS, so that the kernel stops asking", () => {
  for (const opcode of [
    FUSE.FLUSH,
    FUSE.ACCESS,
    FUSE.GETXATTR,
    FUSE.POLL,
    FUSE.LSEEK,
    FUSE.INTERRUPT,
    4096,
  ]) {
    expect(refusalOf(opcode)).toBe(ERRNO.ENOSYS);
  }
});

test("FORGET alone and together, and the answer to a notification, take no reply", () => {
  const silent = Object.values(FUSE).filter((opcode) => !expectsReply(opcode));

  expect(silent).toEqual([FUSE.FORGET, FUSE.NOTIFY_REPLY, FUSE.BATCH_FORGET]);
});
