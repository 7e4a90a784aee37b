import { expect, test } from "vitest";
import { renderRemoval, renderRetention } from "../../../../../provisioner/registry/retention/render.ts";

const about = { repository: "app", digest: "sha256:1" };
const outcomes = [
  { ...about, tag: "v1", action: "removed" },
  { ...about, tag: "v2", action: "kept", why: "a container runs it" },
  { ...about, tag: "", action: "failed", why: "status 500" },
] as const;

test("a line for each, and the sum", () => {
  expect(renderRemoval("rm", { outcomes, manifests: 3, bytes: 0 }, false)).toBe(
    "rm: app:v1 removed\nrm: app:v2 kept: a container runs it\nrm: app failed: status 500\n" +
      "rm: 1 tags and 3 manifests removed, 1 kept, 1 failed\n",
  );
  expect(renderRemoval("rm", { outcomes: [outcomes[0]], manifests: 1, bytes: 0 }, true)).toBe(
    "rm: app:v1 to be removed\nrm: 1 tags and 1 manifests to be removed\n",
  );
});

test("and those of unknown age", () => {
  const report = { rule: "builds", outcomes: [], manifests: 0, bytes: 0 };
  expect(renderRetention({ ...report, ageless: ["a:x", "a:y"] }, false)).toBe(
    "builds: 0 tags and 0 manifests removed\nbuilds: 2 kept, of unknown age: a:x …\n",
  );
});
