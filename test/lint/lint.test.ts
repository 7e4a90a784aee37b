import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test.for([
  ["biome check", "@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
  ["tsc --noEmit", "typescript/bin/tsc", "--noEmit"],
  ["tsc --noEmit -p collector/page", "typescript/bin/tsc", "--noEmit", "-p", "collector/page"],
  ["knip", "knip/bin/knip.js", "--no-progress"],
])("%s", ([, program = "", ...args]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`node_modules/${program}`, ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });

  expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" });
});
