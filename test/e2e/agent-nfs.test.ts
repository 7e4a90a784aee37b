import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { hasNfs, isRoot, testIf } from "../support/host.ts";
import { startNfsServer } from "../support/nfs-server.ts";
import { startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A hard mount, as administrators make them: whoever touches it waits for the server, for ever. */
async function mountNfs(port: number): Promise<string> {
  const mount = join(cleanup.temporaryFolder(), "mount");
  mkdirSync(mount);
  cleanup.add("mount", async () => void (await exec(["umount", "--force", "--lazy", mount])));
  const ports = `port=${port},mountport=${port},proto=tcp,mountproto=tcp`;
  const options = `vers=3,hard,nolock,noacl,nordirplus,noac,addr=127.0.0.1,${ports}`;
  // The kernel's own: mount.nfs is not everywhere.
  await exec(["mount", "--internal-only", "-t", "nfs", "-o", options, "127.0.0.1:/export", mount]);
  return mount;
}

testIf(isRoot, hasNfs)(
  "a mount of a server that is gone costs itself: statfs, a listing, a read",
  async () => {
    const server = await startNfsServer(cleanup, "shop.prom", "shop_orders 5\n");
    const mount = await mountNfs(server.port);
    cleanup.add("server goes on", () => server.goOn());
    const receiver = await startReceiver(cleanup);
    const config = join(cleanup.temporaryFolder(), "agent.json");
    writeFileSync(config, JSON.stringify({ sources: { textfile: { directory: mount } } }));
    const flags = ["run", "--config", config, "--ip", "10.0.0.7", "--interval", "500ms", "--spool", "none"];
    const agent = startProgram(cleanup, programArgv("plimsoll-agent", ...flags, "--push", receiver.url));
    const latest = (name: string, labels = {}) => receiver.values(name, labels).at(-1);
    const error = (mountpoint: string) => latest("node_filesystem_device_error", { mountpoint });
    await waitFor("the mount and the file on it", () => error(mount) === 0 && latest("shop_orders") === 5);
    expect(latest("node_filesystem_size_bytes", { mountpoint: mount })).toBe(2 ** 30);

    server.stall();
    await waitFor("the mount to fail", () => error(mount) === 1);
    await waitFor("both questions to be stuck", () =>
      [mount, `${mount}/`].every((path) => latest("plimsoll_agent_source_stuck", { path }) === 1),
    );
    const from = receiver.requests.length;
    await waitFor("more samples", () => receiver.requests.length >= from + 5);
    const recent = receiver.requests.slice(from).flatMap(({ series }) => series);
    const failed = recent.filter(
      ({ name, samples }) => name === "node_scrape_collector_success" && samples[0]?.value === 0,
    );
    expect(new Set(failed.map(({ labels }) => labels.collector))).toEqual(new Set(["textfile"]));
    expect(error("/")).toBe(0);

    server.goOn();
    await waitFor("the mount to be well", () => error(mount) === 0 && latest("shop_orders") === 5);
    server.stall();
    await waitFor("the mount to fail again", () => error(mount) === 1);
    // A thread hangs in the kernel; the flush and the end do not wait for it.
    expect(await agent.stop()).toBe("SIGTERM");
  },
);
