import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { openOvs } from "../../../../provisioner/drivers/ovs.ts";
import { type HostConfig, parseHostConfig } from "../../../../provisioner/host/config.ts";
import { readEngine, readHostStatus, renderHostStatus } from "../../../../provisioner/host/status.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { standInForSwitch, startDatabase } from "../../../support/ovs-database.ts";
import { recordLog } from "../../../support/record-log.ts";

const MIB = 2 ** 20;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** An engine that answers to one question. */
async function startEngine(): Promise<string> {
  const socket = join(cleanup.temporaryFolder(), "docker.sock");
  const server = createServer((request, response) => {
    if (!request.url?.endsWith("/info")) response.statusCode = 404;
    response.end(
      JSON.stringify({ ServerVersion: "20.10.24", Driver: "overlay2", DockerRootDir: "/var/lib/docker" }),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.add("engine", () => new Promise((resolve) => server.close(() => resolve())));
  return socket;
}

/** A shim that serves, and a group with a pool and 600 MiB promised of it. */
const run: Exec = async ([command]) => {
  const absent = {
    lv_tags: "",
    pool_lv: "",
    lv_metadata_size: "",
    data_percent: "",
    metadata_percent: "",
    zero: "",
  };
  const size = String(512 * MIB);
  const pool = { lv_metadata_size: "4194304", data_percent: "12.5", metadata_percent: "3", zero: "zero" };
  const reports: Readonly<Record<string, object>> = {
    vgs: { vg: [{ vg_name: "data", vg_size: String(1024 * MIB), vg_free: size, vg_extent_size: "4194304" }] },
    lvs: {
      lv: [
        { ...absent, ...pool, lv_name: "machines", lv_size: size },
        { ...absent, lv_name: "machine-1", lv_size: String(640 * MIB), pool_lv: "machines" },
      ],
    },
  };
  return { stdout: JSON.stringify({ report: [reports[command ?? ""]] }), stderr: "", code: 0 };
};

async function startHost(): Promise<HostConfig> {
  const server = await startDatabase(cleanup);
  await standInForSwitch(server, cleanup, () => undefined);
  const values = { name: "h1", ovs: server.remote, docker: await startEngine(), bond: { nics: ["eno1"] } };
  const config = parseHostConfig("h", { ...values, storage: { group: "data", thin: {} } });
  const ovs = await openOvs({ remote: server.remote, log: recordLog() });
  await ovs.ensureBridge({ name: "br0", datapath: "netdev" });
  if (config.bond !== undefined) await ovs.ensureBond(config.bond);
  await ovs.close();
  return config;
}

testIf(hasCommand("ovsdb-server"))("a host that has everything", async () => {
  const status = await readHostStatus(await startHost(), recordLog(), run);

  expect(renderHostStatus(status)).toBe(`host:     h1
network:  br0, userspace datapath; eno1 without carrier
storage:  volume group data, 512 MiB of 1 GiB free; thin pool of 512 MiB, 12.5 % full, metadata 3 %, promised 1.25 times
docker:   20.10.24, overlay2
shim:     /var/lib/plimsoll/shim
`);
});

testIf(hasCommand("ovsdb-server"))("what host init would make", async () => {
  const config = await startHost();
  const hint = "plimsoll host init makes it";
  const bond = config.bond && { ...config.bond, name: "bond1" };
  const [noBond, noBridge] = await Promise.all([
    readHostStatus({ ...config, ...(bond === undefined ? {} : { bond }) }, recordLog(), run),
    readHostStatus({ ...config, bridge: "br9" }, recordLog(), run),
  ]);

  expect(noBond.network).toEqual({ problem: "bond bond1: is not on br0", hint });
  expect(noBridge.network).toEqual({ problem: "bridge br9: is not there", hint });
});

test("what answers and does not say what it is, is no engine to build on", async () => {
  const { socket } = await listenAsEngine(
    cleanup,
    (_, response) => void response.end('{"Driver":"overlay2"}'),
  );

  await expect(readEngine(socket)).rejects.toThrow(
    "docker: does not tell its version, its storage driver or its folder",
  );
});

test("a host that has nothing says what, and what to do", async () => {
  const folder = cleanup.temporaryFolder();
  const nowhere = join(folder, "nowhere");
  const config = parseHostConfig("h", {
    name: "h1",
    ovs: `unix:${nowhere}`,
    docker: nowhere,
    shim: nowhere,
    data: join(nowhere, "deeper"),
  });

  const status = await readHostStatus(config, recordLog());

  expect(status).toMatchObject({
    network: {
      problem: expect.stringContaining("no Open vSwitch database answers"),
      hint: expect.any(String),
    },
    storage: { bytes: expect.any(Number), freeBytes: expect.any(Number) },
    docker: { problem: expect.stringContaining("no engine answers"), hint: expect.any(String) },
    shim: { problem: `shim: nobody serves ${nowhere}`, hint: `plimsoll-shim serve --mount ${nowhere}` },
  });
  expect(renderHostStatus(status)).toMatch(/^storage: {2}files, .* free$/m);
});
