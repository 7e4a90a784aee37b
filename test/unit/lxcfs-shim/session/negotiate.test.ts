import { expect, test } from "vitest";
import { negotiate } from "../../../../lxcfs-shim/session/negotiate.ts";

const INIT = { major: 7, minor: 45, maxReadaheadBytes: 131072, flags: 0xffff_ffff, flags2: 0xffff_ffff };

/** FUSE_INIT_EXT | FUSE_ABORT_ERROR | FUSE_PARALLEL_DIROPS | FUSE_ASYNC_READ */
const OURS = 0x4024_0001;

test("a kernel that offers everything is taken at our few wishes", () => {
  expect(negotiate(INIT)).toEqual({
    kind: "agreed",
    reply: {
      major: 7,
      minor: 45,
      maxReadaheadBytes: 131072,
      flags: OURS,
      flags2: 0x80,
      maxBackground: 65_535,
      congestionThreshold: 49_151,
      maxWriteBytes: 4096,
      timeGranularityNs: 1,
    },
  });
});

test("a kernel that could hand out requests again is not asked to, if told so", () => {
  expect(negotiate(INIT, { mayResend: false })).toMatchObject({
    kind: "agreed",
    reply: { flags: OURS, flags2: 0 },
  });
});

test("where pages are kept, attributes decide how long, and the kernel opens by itself", () => {
  const withCache = OURS + 0x0002_1000; // FUSE_NO_OPEN_SUPPORT | FUSE_AUTO_INVAL_DATA
  expect(negotiate(INIT, { cachesPages: true })).toMatchObject({ reply: { flags: withCache } });
});

test("nothing is asked for that was not offered", () => {
  expect(negotiate({ ...INIT, minor: 31, flags: 0x0003_fffb & ~1, flags2: 0 })).toMatchObject({
    kind: "agreed",
    reply: { minor: 31, flags: 0, flags2: 0 },
  });
});

test("a newer minor version comes down to ours, an older one stays", () => {
  expect(negotiate({ ...INIT, minor: 99 })).toMatchObject({ reply: { minor: 45 } });
  expect(negotiate({ ...INIT, minor: 23 })).toMatchObject({ kind: "agreed", reply: { minor: 23 } });
});

test("a newer major version is asked to try again with ours", () => {
  expect(negotiate({ ...INIT, major: 8, minor: 0 })).toMatchObject({
    kind: "ask-again",
    reply: { major: 7 },
  });
});

test("an older kernel is told what is missing", () => {
  expect(negotiate({ ...INIT, minor: 22 })).toEqual({
    kind: "impossible",
    reason: "the kernel speaks FUSE 7.22, 7.23 is needed",
  });
  expect(negotiate({ ...INIT, major: 6 })).toMatchObject({ kind: "impossible" });
});
