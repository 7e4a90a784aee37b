import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import * as abi from "../../../../lxcfs-shim/fuse/abi.ts";
import { testIf } from "../../../support/host.ts";

const HEADER = "/usr/include/linux/fuse.h";
const hasHeader = { reason: `needs ${HEADER}`, met: () => existsSync(HEADER) };

/** Names of the header and their numbers: `FUSE_LOOKUP = 1,` and `#define FUSE_ASYNC_READ (1 << 0)`. */
function headerNumbers(): ReadonlyMap<string, number> {
  const pattern = /^(?:#define\s+)?(\w+)\s*=?\s*(?:\(?1(?:ULL)?\s*<<\s*(\d+)\)|(\d+)),?/;
  return new Map(
    readFileSync(HEADER, "utf8")
      .split("\n")
      .flatMap((line): [string, number][] => {
        const [, name, bit, number] = pattern.exec(line.trim()) ?? [];
        if (name === undefined) return [];
        return [[name, bit === undefined ? Number(number) : 2 ** Number(bit)]];
      }),
  );
}

testIf(hasHeader)("every number is the header's, as far as it is new enough", () => {
  const header = headerNumbers();
  const ours: readonly [string, number][] = [
    ...Object.entries(abi.FUSE).map(([name, value]): [string, number] => [`FUSE_${name}`, value]),
    ["FUSE_ROOT_ID", abi.FUSE_ROOT_ID],
    ["FUSE_KERNEL_VERSION", abi.FUSE_KERNEL_VERSION],
    ["FUSE_MIN_READ_BUFFER", abi.FUSE_MIN_READ_BUFFER],
    ["FUSE_ASYNC_READ", abi.FUSE_ASYNC_READ],
    ["FUSE_AUTO_INVAL_DATA", abi.FUSE_AUTO_INVAL_DATA],
    ["FUSE_NO_OPEN_SUPPORT", abi.FUSE_NO_OPEN_SUPPORT],
    ["FUSE_PARALLEL_DIROPS", abi.FUSE_PARALLEL_DIROPS],
    ["FUSE_ABORT_ERROR", abi.FUSE_ABORT_ERROR],
    ["FUSE_INIT_EXT", abi.FUSE_INIT_EXT],
    ["FUSE_HAS_RESEND", abi.FUSE_HAS_RESEND_FLAG2 * 2 ** 32],
    ["FOPEN_DIRECT_IO", abi.FOPEN_DIRECT_IO],
  ];
  const known = ours.filter(([name]) => header.has(name));

  expect(known.length).toBeGreaterThan(40);
  expect(known.filter(([name, value]) => header.get(name) !== value)).toEqual([]);
});
