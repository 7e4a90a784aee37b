import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { HangGuard } from "../../agent/hang-guard.ts";
import { KernelFiles } from "../../agent/kernel-files.ts";
import { systemClock } from "../../core/runtime/clock.ts";
import { exec } from "../../core/runtime/exec.ts";
import { detachMount } from "../../lxcfs-shim/mount.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { canUnshare, describeIf, hasCommand, hasFuse, isRoot, testIf } from "../support/host.ts";
import { type RemoteWriteReceiver, startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const FLAGS = ["run", "--ip", "10.0.0.7", "--interval", "200ms", "--spool", "none"] as const;

function startAgent(url: string, ...wrapper: readonly string[]): RunningProgram {
  return startProgram(cleanup, [...wrapper, ...programArgv("plimsoll-agent", ...FLAGS, "--push", url)]);
}

function childrenOf(pid: number): string {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"))
    .join("");
}

async function requestsOf(receiver: RemoteWriteReceiver, count: number): Promise<void> {
  await waitFor(`${count} requests`, () => receiver.requests.length >= count);
}

test("every family arrives under the machine's address, in order, and no child process is started", async () => {
  const receiver = await startReceiver(cleanup);
  const agent = startAgent(receiver.url);
  await requestsOf(receiver, 4);

  const series = receiver.requests.flatMap((request) => request.series);
  expect(series.filter(({ labels }) => labels.instance !== "10.0.0.7" || labels.ip !== "10.0.0.7")).toEqual(
    [],
  );
  expect(receiver.values("node_scrape_collector_success").every((value) => value === 1)).toBe(true);
  expect(receiver.values("node_memory_MemTotal_bytes")[0]).toBe(totalmem());
  expect(receiver.values("node_filesystem_size_bytes", { mountpoint: "/" })[0]).toBeGreaterThan(0);
  expect(receiver.values("node_network_receive_bytes_total", { device: "lo" })[0]).toBeGreaterThan(0);
  for (const ordered of [
    receiver.times("node_load1"),
    receiver.values("node_cpu_seconds_total", { cpu: "0", mode: "idle" }),
    receiver.values("plimsoll_agent_samples_pushed_total"),
  ]) {
    expect(ordered).toEqual([...ordered].sort((a, b) => a - b));
  }
  expect(new Set(receiver.values("node_boot_time_seconds")).size).toBe(1);
  expect(childrenOf(agent.pid)).toBe("");
});

test("SIGHUP reads the configuration again; SIGTERM brings a last sample and the end", async () => {
  const receiver = await startReceiver(cleanup);
  // A mount of somebody else's that hangs would make another end of it.
  const agent = startAgent(receiver.url, "env", "PLIMSOLL_AGENT_SOURCES=no-filesystem");
  await requestsOf(receiver, 2);
  process.kill(agent.pid, "SIGHUP");
  await agent.waitForLine(/configuration reloaded/);
  await requestsOf(receiver, receiver.requests.length + 2);
  const before = receiver.requests.length;

  expect(await agent.stop()).toBe(0);
  expect(receiver.requests.length).toBeGreaterThan(before);
  expect(agent.lines.at(-1)).toMatch(/"undelivered":\[0\].*"msg":"stopped"/);
});

test("what was sampled while the receiver was away arrives afterwards, once and in order", async () => {
  const port = await freePort();
  const agent = startAgent(`remote-write+http://127.0.0.1:${port}/`);
  await agent.waitForLine(/push failed/);
  const backMs = Date.now();
  const receiver = await startReceiver(cleanup, port);
  await agent.waitForLine(/push works again/);
  await requestsOf(receiver, 8);
  await agent.stop();

  const times = receiver.times("node_load1");
  expect(times[0]).toBeLessThan(backMs);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  expect(receiver.values("plimsoll_agent_samples_dropped_total").every((value) => !(value > 0))).toBe(true);
});

test("a receiver that stays away does not hold up the end", async () => {
  const agent = startAgent(`remote-write+http://127.0.0.1:${await freePort()}/`);
  await agent.waitForLine(/push failed/);

  expect(await agent.stop()).toBe(0);
  expect(agent.lines.at(-1)).toMatch(/"undelivered":\[[1-9]\d*\]/);
});

testIf(hasCommand("strace"))("strace sees no exec after the launchers but node's", async () => {
  const receiver = await startReceiver(cleanup);
  const trace = join(cleanup.temporaryFolder(), "trace");
  const strace = ["strace", "-f", "-qq", "-e", "trace=execve,execveat", "-e", "signal=none", "-o", trace];
  const agent = startAgent(receiver.url, ...strace);
  await requestsOf(receiver, 3);
  // strace blocks the signal for itself: it goes to the traced process, the first that is named.
  process.kill(Number.parseInt(readFileSync(trace, "utf8"), 10), "SIGTERM");
  await agent.ended;

  const execs = readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("= 0"));
  expect(execs.map((line) => /execve\("([^"]*\/)?([^"/]+)"/.exec(line)?.[2])).toEqual([
    "plimsoll-agent",
    "readlink",
    "plimsoll-agent.cjs",
    "node",
  ]);
});

testIf(isRoot, canUnshare)(
  "runs from a read-only mount at any path, through a link, with another node",
  async () => {
    const folder = cleanup.temporaryFolder();
    for (const name of ["opt", "bin"]) mkdirSync(join(folder, name));
    symlinkSync(process.execPath, join(folder, "bin", "other-node"));
    symlinkSync(join(folder, "opt", "bin", "plimsoll-agent"), join(folder, "bin", "agent"));
    const script =
      'mount --bind "$1" "$2/opt" && mount -o remount,bind,ro "$2/opt" && exec "$2/bin/agent" once --ip 10.0.0.7';
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const argv = ["unshare", "--mount", "sh", "-c", script, "sh", root, folder];
    const { stdout } = await exec(argv, { env: { PLIMSOLL_NODE: join(folder, "bin", "other-node") } });

    expect(stdout).toMatch(/^node_load1 /m);
  },
);

testIf(isRoot, canUnshare)("a file of /proc that hangs costs its own family, and not the end", async () => {
  const receiver = await startReceiver(cleanup);
  const fifo = join(cleanup.temporaryFolder(), "fifo");
  await exec(["mkfifo", fifo]);
  // In a mount namespace of its own: the machine's /proc stays as it is.
  const wrapper = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/loadavg && exec "$@"', fifo];
  const agent = startAgent(receiver.url, ...wrapper);
  await waitFor("the stuck path", () =>
    receiver.values("plimsoll_agent_source_stuck", { path: "/proc/loadavg" }).includes(1),
  );
  const success = (collector: string): number[] =>
    receiver.values("node_scrape_collector_success", { collector });

  expect(success("loadavg").every((value) => value === 0)).toBe(true);
  for (const other of ["cpu", "meminfo", "netdev", "filesystem"]) {
    expect(success(other).every((value) => value === 1)).toBe(true);
  }
  const before = receiver.requests.length;
  // exit() would wait for the thread that hangs: the agent ends itself by the signal, after the flush.
  expect(await agent.stop()).toBe("SIGTERM");
  expect(receiver.requests.length).toBeGreaterThan(before);
});

describeIf(isRoot, hasFuse)("kernel files that are FUSE", () => {
  const SERVER = fileURLToPath(new URL("../../dist/test/bench/fuse-static-server.js", import.meta.url));

  async function serve(mount: string): Promise<RunningProgram> {
    const server = startProgram(cleanup, [process.execPath, SERVER, mount]);
    await server.waitForLine(/"msg":"ready"/);
    return server;
  }

  test("a paused server makes its file stuck until it goes on; a new server is found by reopening", async () => {
    const mount = join(cleanup.temporaryFolder(), "mount");
    cleanup.add("mount", () => detachMount(mount).catch(() => {}));
    const guard = new HangGuard({ clock: systemClock, slots: 2, deadlineMs: 2000 });
    const files = new KernelFiles({ kernel: guard, mounts: guard }, systemClock);
    cleanup.add("files", () => files.close());
    const path = join(mount, "meminfo");

    const first = await serve(mount);
    expect(await files.read(path)).toMatch(/^MemTotal:/);
    process.kill(first.pid, "SIGSTOP");
    await expect(files.read(path)).rejects.toMatchObject({ code: "STUCK" });
    expect(guard.stuck()).toEqual([path]);
    process.kill(first.pid, "SIGCONT");
    await waitFor("the file to come free", () => guard.stuck().length === 0);
    expect(await files.read(path)).toMatch(/^MemTotal:/);

    await first.stop("SIGKILL");
    await expect(files.read(path)).rejects.toMatchObject({ code: "ENOTCONN" });
    await serve(mount);
    expect(await files.read(path)).toMatch(/^MemTotal:/);
  });
});
