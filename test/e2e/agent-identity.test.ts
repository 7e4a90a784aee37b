import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canUnshare, hasCommand, isRoot, testIf } from "../support/host.ts";
import { programArgv, startProgram } from "../support/run-program.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** In network and mount namespaces of its own: /etc/plimsoll is the test's folder, and there is one card. */
const SCRIPT = `
mount -t tmpfs -o mode=755 etc /mnt
cp -a /etc/. /mnt
mkdir -p /mnt/plimsoll
mount --move /mnt /etc
mount --bind "$0" /etc/plimsoll
ip link set lo up
ip link add eth9 type veth peer name peer9
ip link set peer9 up
ip link set eth9 up
exec "$@"
`;

testIf(
  isRoot,
  canUnshare,
  hasCommand("ip"),
  hasCommand("nsenter"),
)(
  "an address that appears, changes or is told is followed and logged; until there is one nothing is sent",
  async () => {
    const folder = join(cleanup.temporaryFolder(), "plimsoll");
    mkdirSync(folder);
    const agent = startProgram(cleanup, [
      ...["unshare", "--net", "--mount", "sh", "-ec", SCRIPT, folder],
      ...programArgv("plimsoll-agent", "run", "--interval", "100ms", "--spool", "none"),
      ...["--push", "remote-write+http://127.0.0.1:1/"],
    ]);
    const ip = (...argv: readonly string[]) =>
      exec(["nsenter", "--net", "--target", String(agent.pid), "ip", ...argv]);
    await agent.waitForLine(/"no address yet"/);
    expect(agent.lines.some((line) => line.includes("push failed"))).toBe(false);

    await ip("address", "add", "10.99.0.7/24", "dev", "eth9");
    await ip("route", "add", "default", "dev", "eth9");
    await agent.waitForLine(/"ip":"10\.99\.0\.7".*"address known"/);
    await agent.waitForLine(/push failed/);
    await ip("address", "replace", "10.99.1.8/24", "dev", "eth9");
    await ip("address", "delete", "10.99.0.7/24", "dev", "eth9");
    await ip("route", "replace", "default", "dev", "eth9");
    await agent.waitForLine(/"ip":"10\.99\.1\.8","was":"10\.99\.0\.7".*"address changed"/);
    writeFileSync(join(folder, "identity.json"), '{"ip":"10.99.0.9","name":"web"}');
    await agent.waitForLine(/"ip":"10\.99\.0\.9","was":"10\.99\.1\.8".*"address changed"/);
    // One that is gone is kept: the machine is still who it was.
    await ip("link", "set", "eth9", "down");
    writeFileSync(join(folder, "identity.json"), "{");
    await agent.waitForLine(/identity file .* not valid JSON/);

    expect(await agent.stop()).toBe(0);
  },
);
