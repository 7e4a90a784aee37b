import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, readText } from "../repository/source-tree.ts";

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
