import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import type { Finding } from "../../core/runtime/finding.ts";
import { detachMount } from "../../lxcfs-shim/mount.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { canUnshare, hasCommand, hasFuse, isRoot, testIf } from "../support/host.ts";
import { startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function findingsOf(
  ...argv: readonly string[]
): Promise<{ code: number; findings: readonly Finding[] }> {
  const { code, stdout } = await exec(argv, { okCodes: [0, 1] });
  return { code, findings: JSON.parse(stdout) };
}

testIf()(
  "SIGHUP takes on another configuration, and leaves a bad one; what a spool holds goes on",
  async () => {
    const [one, other] = [await startReceiver(cleanup), await startReceiver(cleanup)];
    const away = await freePort();
    const folder = cleanup.temporaryFolder();
    const config = join(folder, "agent.yaml");
    const write = (text: string): void =>
      writeFileSync(config, `ip: 10.0.0.7\nspool: ${folder}/spool\nsources: {filesystem: false}\n${text}`);
    const gone = `remote-write+http://127.0.0.1:${away}/`;
    write(`interval: 200ms\npush: [${one.url}, "${gone}"]\n`);
    const agent = startProgram(cleanup, programArgv("plimsoll-agent", "run", "--config", config));
    await waitFor("samples", () => one.requests.length > 2);

    write("interval: 200ms\npush: [ftp://x]\n");
    process.kill(agent.pid, "SIGHUP");
    await agent.waitForLine(/configuration not reloaded.*|ftp:\/\/x/);
    await waitFor("the failure", () =>
      one.values("plimsoll_agent_config_last_reload_successful").includes(0),
    );

    write(`interval: 100ms\npush: [${one.url}, ${other.url}]\n`);
    process.kill(agent.pid, "SIGHUP");
    await agent.waitForLine(/"configuration reloaded"/);
    await waitFor("samples there too", () => other.requests.length > 2);

    // The destination comes back: what was kept for it is delivered.
    const back = await startReceiver(cleanup, away);
    write(`interval: 100ms\npush: [${one.url}, "${gone}api/v1/write"]\n`);
    process.kill(agent.pid, "SIGHUP");
    await waitFor(
      "the second reload",
      () => agent.lines.filter((line) => /"configuration reloaded"/.test(line)).length === 2,
    );
    write(`interval: 100ms\npush: [${one.url}, "${gone}"]\n`);
    process.kill(agent.pid, "SIGHUP");
    await agent.waitForLine(/goes on with what was left/);
    await waitFor("what was kept", () => back.requests.length > 0);
    expect(await agent.stop()).toBe(0);

    const times = one.times("node_load1");
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(Math.min(...back.times("node_load1"))).toBe(Math.min(...times));
    // A series is ended where the agent ends, and nowhere else.
    expect(one.values("node_load1").filter(Number.isNaN)).toHaveLength(1);
  },
);

testIf()("doctor says what is well and what is wrong, and ends accordingly", async () => {
  const receiver = await startReceiver(cleanup);
  const spool = cleanup.temporaryFolder();
  const doctor = (...push: readonly string[]) =>
    findingsOf(
      ...programArgv("plimsoll-agent", "doctor", "--format", "json", "--ip", "10.0.0.7", "--spool", spool),
      ...push.flatMap((url) => ["--push", url]),
    );
  const well = await doctor(receiver.url);
  expect(well.findings.filter(({ state }) => state === "wrong")).toEqual([]);
  expect(well.code).toBe(0);

  const nobody = `remote-write+http://127.0.0.1:${await freePort()}/`;
  const ill = await doctor(receiver.url, nobody);
  expect(ill.findings.filter(({ state }) => state === "wrong")).toMatchObject([
    { what: expect.stringContaining("ECONNREFUSED") },
  ]);
  expect(ill.code).toBe(1);
});

testIf(
  isRoot,
  hasFuse,
  canUnshare,
)("doctor tells the container's own /proc from one that hides it", async () => {
  const mount = join(cleanup.temporaryFolder(), "mount");
  cleanup.add("mount", () => detachMount(mount).catch(() => {}));
  const server = startProgram(cleanup, [
    process.execPath,
    join(ROOT, "dist/test/bench/fuse-static-server.js"),
    mount,
  ]);
  await server.waitForLine(/"msg":"ready"/);
  const receiver = await startReceiver(cleanup);
  const ask = (script: string) =>
    findingsOf(
      ...["unshare", "--mount", "sh", "-ec", `${script}; exec "$@"`, mount],
      ...programArgv("plimsoll-agent", "doctor", "--format", "json", "--ip", "10.0.0.7", "--spool", "none"),
      ...["--push", receiver.url, "--sources", "virtual_proc"],
    );
  const own = await ask('mount --bind "$0/meminfo" /proc/meminfo');
  expect(own.findings).toContainEqual({ state: "ok", what: "the container's own: /proc/meminfo" });

  const hidden = await ask('mount --bind "$0/meminfo" /proc/meminfo; mount -t proc proc /proc');
  expect(hidden.findings).toContainEqual(
    expect.objectContaining({ state: "wrong", what: expect.stringContaining("hides the container's own") }),
  );
  expect(hidden.code).toBe(1);
});

testIf(hasCommand("prometheus"), hasCommand("promtool"))(
  "Prometheus scrapes it, by OpenMetrics as well as by text",
  async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    startProgram(
      cleanup,
      programArgv("plimsoll-agent", "run", "--ip", "10.0.0.7", "--interval", "1s", "--listen", listen),
    );
    const url = `http://${listen}`;
    const ready = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;
    await waitFor("the listener", () => ready().catch(() => false));
    const page = await (await fetch(`${url}/metrics`)).text();
    const { stdout, stderr } = await exec(["promtool", "check", "metrics"], { input: page, okCodes: [0, 3] });
    expect((stdout + stderr).split("\n").filter((line) => /error|parse/i.test(line))).toEqual([]);

    const folder = cleanup.temporaryFolder();
    const config = {
      scrape_configs: [{ job_name: "a", scrape_interval: "1s", static_configs: [{ targets: [listen] }] }],
    };
    writeFileSync(join(folder, "p.json"), JSON.stringify(config));
    const prometheus = `127.0.0.1:${await freePort()}`;
    startProgram(cleanup, [
      "prometheus",
      `--config.file=${folder}/p.json`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${prometheus}`,
    ]);
    const query = async (expression: string): Promise<string | undefined> => {
      const response = await fetch(
        `http://${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return data.result[0]?.value[1];
    };
    // It asks for OpenMetrics first, and a page that breaks a rule of that counts as down.
    await waitFor("the scrape", async () => (await query("up").catch(() => undefined)) === "1", 20_000);
    expect(Number(await query("node_memory_MemTotal_bytes"))).toBeGreaterThan(0);
    expect(Number(await query("node_context_switches_total"))).toBeGreaterThan(0);
  },
);

testIf(
  isRoot,
  canUnshare,
  hasCommand("start-stop-daemon"),
  hasCommand("curl"),
)("the init script starts, asks, reloads and stops an agent of another user", async () => {
  const folder = cleanup.temporaryFolder();
  await exec(["chmod", "755", folder]);
  const listen = `127.0.0.1:${await freePort()}`;
  mkdirSync(join(folder, "default"));
  const settings = {
    DAEMON: join(ROOT, "bin/plimsoll-agent"),
    ARGUMENTS: `'run --ip 10.0.0.7 --listen ${listen}'`,
    RUN_AS: "nobody",
    SPOOL: join(folder, "spool"),
    LOG: join(folder, "log"),
    PIDFILE: join(folder, "pid"),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, "default", "plimsoll-agent"), lines.join(""));
  cleanup.add("agent", async () => {
    await exec(["start-stop-daemon", "--stop", "--oknodo", "--quiet", "--pidfile", settings.PIDFILE]);
  });
  const script = [
    'mount --bind "$0" /etc/default',
    'init() { "$SCRIPT" "$1"; code=$?; echo "$1 $code"; }',
    "init status; init start; init start",
    `for i in $(seq 100); do curl -fs http://${listen}/readyz && break; sleep 0.1; done`,
    "init status; init reload",
    `stat -c %U "/proc/$(cat ${settings.PIDFILE})"`,
    "init stop; init status",
  ].join("\n");
  const { stdout } = await exec(["unshare", "--mount", "sh", "-c", script, join(folder, "default")], {
    env: { SCRIPT: join(ROOT, "agent/sysv/plimsoll-agent") },
  });

  expect(stdout.trim().split("\n")).toEqual([
    "plimsoll-agent is not running",
    "status 3",
    "start 0",
    "start 0",
    "ok",
    "plimsoll-agent is running",
    "status 0",
    "reload 0",
    "nobody",
    "stop 0",
    "plimsoll-agent is not running",
    "status 3",
  ]);
});

testIf(isRoot, hasCommand("setpriv"))(
  "an unprivileged user samples what it can, and doctor says so",
  async () => {
    const receiver = await startReceiver(cleanup);
    const user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs"];
    const { findings } = await findingsOf(
      ...user,
      ...programArgv(
        "plimsoll-agent",
        "doctor",
        "--format",
        "json",
        "--ip",
        "10.0.0.7",
        "--push",
        receiver.url,
      ),
    );

    expect(findings.filter(({ what }) => /^source /.test(what))).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({ state: "note", what: expect.stringContaining("runs as user 65534") }),
    );
  },
);
