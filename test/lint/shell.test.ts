import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { hasCommand, testIf } from "../support/host.ts";

const BIN = fileURLToPath(new URL("../../bin", import.meta.url));

const scripts = readdirSync(BIN)
  .map((name) => join(BIN, name))
  .filter((path) => /^#!\/bin\/sh\b/.test(readFileSync(path, "utf8")));

testIf(hasCommand("shellcheck"))("shellcheck bin", () => {
  const { status, stdout, stderr } = spawnSync("shellcheck", scripts, { encoding: "utf8" });

  expect(scripts.length).toBeGreaterThan(0);
  expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: "" });
});
