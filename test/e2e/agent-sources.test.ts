import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { detachMount } from "../../lxcfs-shim/mount.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canMakeCgroups, canUnshare, hasFuse, isRoot, testIf } from "../support/host.ts";
import { type RemoteWriteReceiver, startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { makeCgroup, startViewContainer } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const FUSE_SERVER = fileURLToPath(new URL("../../dist/test/bench/fuse-static-server.js", import.meta.url));

function startAgent(receiver: RemoteWriteReceiver, config: unknown): RunningProgram {
  const file = join(cleanup.temporaryFolder(), "agent.json");
  writeFileSync(file, JSON.stringify(config));
  const flags = ["run", "--config", file, "--ip", "10.0.0.7", "--interval", "200ms", "--spool", "none"];
  return startProgram(cleanup, programArgv("plimsoll-agent", ...flags, "--push", receiver.url));
}

/** The newest value of a series, as often as it is asked for. */
function latest(receiver: RemoteWriteReceiver, name: string, labels: Readonly<Record<string, string>> = {}) {
  return receiver.values(name, labels).at(-1);
}

async function mountThatHangs(): Promise<{ mount: string; server: RunningProgram }> {
  const mount = join(cleanup.temporaryFolder(), "mount");
  cleanup.add("mount", () => detachMount(mount).catch(() => {}));
  const server = startProgram(cleanup, [process.execPath, FUSE_SERVER, mount]);
  // Before the mount goes: a server that is stopped would hold up whoever asks.
  cleanup.add("server", () => void process.kill(server.pid, "SIGCONT"));
  await server.waitForLine(/"msg":"ready"/);
  return { mount, server };
}

testIf(isRoot, hasFuse)(
  "file systems that hang cost themselves: not the others, not the other sources, not the end",
  async () => {
    const hung = [
      await mountThatHangs(),
      await mountThatHangs(),
      await mountThatHangs(),
      await mountThatHangs(),
    ];
    const receiver = await startReceiver(cleanup);
    const agent = startAgent(receiver, {});
    const error = (mountpoint: string) => latest(receiver, "node_filesystem_device_error", { mountpoint });
    await waitFor("all mounts", () => hung.every(({ mount }) => error(mount) !== undefined));
    for (const { server } of hung) process.kill(server.pid, "SIGSTOP");
    await waitFor("all mounts to fail", () => hung.every(({ mount }) => error(mount) === 1));
    const { requests } = receiver;
    const from = requests.length;
    await waitFor("more samples", () => requests.length >= from + 10);

    const recent = requests.slice(from).flatMap(({ series }) => series);
    const success = recent.filter(({ name }) => name === "node_scrape_collector_success");
    expect(new Set(success.map(({ samples }) => samples[0]?.value))).toEqual(new Set([1]));
    expect(error("/")).toBe(0);
    expect(latest(receiver, "node_filesystem_size_bytes", { mountpoint: "/" })).toBeGreaterThan(0);
    const stuck = new Set(
      recent.filter(({ name }) => name === "plimsoll_agent_source_stuck").map(({ labels }) => labels.path),
    );
    // Each takes a thread, and their lane has fewer than there are mounts here.
    expect(stuck.size).toBeGreaterThan(0);
    expect(stuck.size).toBeLessThan(hung.length);
    expect([...stuck].every((path) => hung.some(({ mount }) => mount === path))).toBe(true);

    for (const { server } of hung) process.kill(server.pid, "SIGCONT");
    await waitFor("all mounts to be well", () => hung.every(({ mount }) => error(mount) !== 1));
    for (const { mount, server } of hung.slice(0, 1)) {
      process.kill(server.pid, "SIGSTOP");
      await waitFor("one to hang again", () => error(mount) === 1);
    }
    // exit() would wait for the thread that hangs: the agent ends itself by the signal, after the flush.
    expect(await agent.stop()).toBe("SIGTERM");
  },
);

test("text files and programs, and what of them is wrong", async () => {
  const directory = cleanup.temporaryFolder();
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, `${name}.tmp`), text);
    renameSync(join(directory, `${name}.tmp`), join(directory, name));
  };
  write("good.prom", "# TYPE backup_age_seconds gauge\nbackup_age_seconds 60\n");
  write("bad.prom", "backup_age_seconds\n");
  const program = join(directory, "plugin.sh");
  writeFileSync(program, '#!/bin/sh\necho "queue_length{queue=\\"mail\\"} $1"\n');
  chmodSync(program, 0o755);
  const receiver = await startReceiver(cleanup);
  const agent = startAgent(receiver, {
    sources: {
      textfile: { directory },
      exec: { plugins: { queue: [program, "5"], slow: ["sleep", "100"] }, timeout: "300ms", interval: "1s" },
    },
  });
  await waitFor("the plug-ins", () => receiver.values("plimsoll_agent_plugin_success").length >= 4);

  expect(latest(receiver, "backup_age_seconds", { instance: "10.0.0.7" })).toBe(60);
  expect(latest(receiver, "node_textfile_scrape_error")).toBe(1);
  expect(latest(receiver, "queue_length", { queue: "mail", ip: "10.0.0.7" })).toBe(5);
  expect(latest(receiver, "plimsoll_agent_plugin_success", { plugin: "queue" })).toBe(1);
  expect(latest(receiver, "plimsoll_agent_plugin_success", { plugin: "slow" })).toBe(0);
  await agent.waitForLine(/"text file cannot be used"/);
  await agent.waitForLine(/slow.*no end within 300 ms/);
  write("good.prom", "backup_age_seconds 5\n");
  await waitFor("the new text", () => latest(receiver, "backup_age_seconds") === 5);
  // The plug-ins are slow; the ticks are not.
  expect(receiver.times("node_load1").length).toBeGreaterThan(receiver.values("queue_length").length);
});

testIf(
  isRoot,
  canUnshare,
  canMakeCgroups,
)("a container's own limits, throttling and OOM kills", async () => {
  const cgroup = makeCgroup(cleanup, `plimsoll-test-agent-${process.pid}`);
  cgroup.setMemoryLimit(96 * 1024 * 1024);
  cgroup.setQuota(0.5);
  const container = await startViewContainer(cleanup, cgroup);
  container.run("sh", "-ec", MOUNT_CGROUPS);
  // The shell is spared, what it starts is not.
  const hog = "echo 1000 > /proc/self/oom_score_adj; exec tail /dev/zero";
  await container.start("sh", "-c", `sh -c '${hog}' 2>/dev/null; true`).finished();
  const page = await container.start(...programArgv("plimsoll-agent", "once", "--ip", "10.0.0.7")).finished();
  const value = (name: string): number =>
    Number(new RegExp(`^plimsoll_cgroup_${name} (.+)$`, "m").exec(page)?.[1]);

  expect(value("memory_limit_bytes")).toBe(96 * 1024 * 1024);
  expect(value("memory_usage_bytes")).toBeGreaterThan(0);
  expect(value("memory_limit_hits_total")).toBeGreaterThan(0);
  expect(value("oom_kills_total")).toBeGreaterThan(0);
  expect(value("cpu_limit_cpus")).toBe(0.5);
  expect(value("cpu_usage_seconds_total")).toBeGreaterThan(0);
  expect(value("cpu_throttled_periods_total")).toBeLessThanOrEqual(value("cpu_periods_total"));
});

/** As a container engine does it: the cgroup's own part of each hierarchy, seen from its namespace. */
const MOUNT_CGROUPS = `
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 -o ro cgroup /sys/fs/cgroup
else
  sets=$(cut -d: -f2 /proc/self/cgroup | grep -wE 'cpu|cpuacct|memory|pids')
  mount -t tmpfs cgroup /sys/fs/cgroup
  for set in $sets; do
    mkdir "/sys/fs/cgroup/$set"
    mount -t cgroup -o "ro,$set" cgroup "/sys/fs/cgroup/$set"
    for controller in $(echo "$set" | tr , ' '); do
      [ "$controller" = "$set" ] || ln -s "$set" "/sys/fs/cgroup/$controller"
    done
  done
fi`;

testIf(
  isRoot,
  hasFuse,
  canUnshare,
  canMakeCgroups,
)("a fresh /proc over the container's own is seen, said and logged", async () => {
  const mount = join(cleanup.temporaryFolder(), "mount");
  cleanup.add("mount", () => detachMount(mount).catch(() => {}));
  const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
  await shim.waitForLine(/"msg":"ready"/);
  const container = await startViewContainer(
    cleanup,
    makeCgroup(cleanup, `plimsoll-test-fresh-${process.pid}`),
    mount,
  );
  const folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "out"));
  const agent = programArgv("plimsoll-agent", "once", "--ip", "10.0.0.7").join(" ");
  const ask = (before: string): string => container.run("sh", "-ec", `${before} ${agent} 2>&1`);

  expect(ask("")).toContain('plimsoll_proc_virtual{file="/proc/meminfo"} 1');
  // What systemd does for a unit with ProtectKernelTunables: a /proc of its own.
  const hidden = ask("mount -t proc proc /proc &&");
  expect(hidden).toContain('plimsoll_proc_virtual{file="/proc/meminfo"} 0');
  expect(hidden).toContain("another /proc hides the container's own");
});
