import { fileURLToPath } from "node:url";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import {
  type Condition,
  canMakeCgroups,
  canUnshare,
  hasFuse,
  isGitCheckout,
  isRoot,
  testIf,
} from "../support/host.ts";
import { expectNothingLeft, snapshotHost } from "../support/leaks.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** scripts/fresh-clone.mjs runs both commands in a clone; this test would clone the clone. */
const isOriginal: Condition = {
  reason: "is part of a fresh clone already",
  met: () => process.env.PLIMSOLL_IN_FRESH_CLONE === undefined,
};

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

testIf(
  isOriginal,
  isRoot,
  hasFuse,
  canMakeCgroups,
  canUnshare,
  isGitCheckout,
)(
  "a fresh clone in an empty folder installs, builds, shows a container its limits, and leaves nothing",
  async () => {
    const clone = `${cleanup.temporaryFolder()}/plimsoll`;
    await exec(["git", "clone", "--quiet", "--local", ROOT, clone]);
    const before = snapshotHost();

    const { stdout, stderr } = await exec(["npm", "start", "--", "--once"], {
      cwd: clone,
      timeoutMs: 280_000,
    });

    expect(stderr).toContain("plimsoll: installing npm packages");
    expect(stderr).toContain("plimsoll: building");
    expect(stdout).toMatch(/nproc/);
    await expectNothingLeft(before);
  },
  300_000,
);
