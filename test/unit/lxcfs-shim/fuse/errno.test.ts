import { constants } from "node:os";
import { expect, test } from "vitest";
import { ERRNO } from "../../../../lxcfs-shim/fuse/errno.ts";

test("the numbers are this machine's", () => {
  expect(constants.errno).toMatchObject(ERRNO);
});
