import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Cleanup } from "../../support/cleanup.ts";
import { hasCommand, testIf } from "../../support/host.ts";
import { ROOT, readText } from "../repository/source-tree.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What makes systemd mount a fresh /proc for the unit, or show mounts as what they are not (systemd.exec(5)). */
const HIDING =
  /^(Protect|ProcSubset|Private|ReadOnlyPaths|InaccessiblePaths|DynamicUser|MountAPIVFS|RootDirectory)/;

test("the systemd unit has nothing that hides the container's own /proc", () => {
  const options = readText("agent/systemd/plimsoll-agent.service")
    .split("\n")
    .filter((line) => /^[A-Z]\w+=/.test(line));

  expect(options.length).toBeGreaterThan(10);
  expect(options.filter((line) => HIDING.test(line))).toEqual([]);
});

test.for(["agent/sysv/plimsoll-agent", "agent/openrc/plimsoll-agent", "bin/plimsoll-agent"])(
  "%s is a shell script",
  (path) => {
    expect(spawnSync("sh", ["-n", join(ROOT, path)], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  },
);

testIf(hasCommand("shellcheck"))("shellcheck finds nothing in them", () => {
  const scripts = ["agent/sysv/plimsoll-agent", "agent/openrc/plimsoll-agent", "bin/plimsoll-agent"];
  // Settings that are read from elsewhere, and variables that openrc-run reads.
  const flags = ["--shell", "sh", "--exclude", "SC1091,SC2034"];
  const { stdout, status } = spawnSync("shellcheck", [...flags, ...scripts], { cwd: ROOT, encoding: "utf8" });

  expect([stdout, status]).toEqual(["", 0]);
});

testIf(hasCommand("systemd-analyze"))("systemd understands the unit", () => {
  const folder = cleanup.temporaryFolder();
  const unit = join(folder, "plimsoll-agent.service");
  const text = readText("agent/systemd/plimsoll-agent.service");
  // The program as it is installed is not here.
  writeFileSync(unit, text.replace("/usr/bin/plimsoll-agent", join(ROOT, "bin/plimsoll-agent")));
  const { stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });

  expect(stderr.split("\n").filter((line) => line.includes("plimsoll-agent"))).toEqual([]);
});
