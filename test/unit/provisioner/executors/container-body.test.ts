import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  containerBody,
  decodeLimits,
  encodeLimits,
} from "../../../../provisioner/executors/container-body.ts";
import { parseHostConfig } from "../../../../provisioner/host/config.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MACHINE } from "../../../support/machine-model.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let shim: string;
beforeAll(() => {
  shim = cleanup.temporaryFolder();
  mkdirSync(join(shim, "proc"));
  for (const file of ["meminfo", "vmstat", "uptime"]) writeFileSync(join(shim, "proc", file), "");
});

const { id, name, generation, image, limits } = MACHINE;

function body(
  command: readonly string[],
  own: { entrypoint?: readonly string[]; command?: readonly string[] } = {},
) {
  const step = {
    kind: "createContainer",
    machine: { id, name },
    generation,
    image,
    command,
    limits,
  } as const;
  const config = parseHostConfig("host.yaml", { shim, data: "/data" });
  const names = ["/n/hosts:/etc/hosts"];
  const surroundings = { config, volume: "/v", names, application: "/app", node: "/node" };
  return containerBody(step, "holder", { entrypoint: [], command: [], ...own }, surroundings);
}

test("the image's own program stays the first process, with the words it was given", () => {
  expect(body([], { entrypoint: ["/entry"], command: ["serve"] }).Cmd).toEqual(["/entry", "serve"]);
  expect(body(["other"], { entrypoint: ["/entry"], command: ["serve"] }).Cmd).toEqual(["/entry", "other"]);
  expect(body([]).Cmd).toEqual(["/bin/sh", "-c", expect.stringContaining("trap 'exit 0' TERM")]);
  expect(body([]).Entrypoint).toEqual([
    "/bin/sh",
    "-c",
    expect.stringMatching(/plimsoll-agent run.*exec "\$@"/s),
    "sh",
  ]);
});

test("the agent starts a while after the machine, and again whenever it has ended", () => {
  expect(body([]).Entrypoint).toContainEqual(
    expect.stringMatching(/\{\n +sleep 3.*while :; do.*plimsoll-agent run.*sleep 10.*done\n\} &\n/s),
  );
});

test("true files of /proc that runc takes, the volume, and what is ours read-only", () => {
  expect(body([]).HostConfig).toMatchObject({
    NetworkMode: "container:holder",
    Binds: [
      `${shim}/proc/meminfo:/proc/meminfo:ro`,
      `${shim}/proc/uptime:/proc/uptime:ro`,
      `${shim}/sys/devices/system/cpu:/sys/devices/system/cpu:ro`,
      "/v:/data",
      `/data/identities/${id}:/etc/plimsoll:ro`,
      "/n/hosts:/etc/hosts",
      "/app/bin/plimsoll-agent:/opt/plimsoll/bin/plimsoll-agent:ro",
      "/app/dist/plimsoll-agent.cjs:/opt/plimsoll/dist/plimsoll-agent.cjs:ro",
      "/app/node_modules/systeminformation:/opt/plimsoll/node_modules/systeminformation:ro",
      "/node:/opt/plimsoll-node:ro",
    ],
  });
});

test("without a shim there is no container, and the hint says how there would be", () => {
  const config = parseHostConfig("host.yaml", { shim: "/nowhere" });
  const step = {
    kind: "createContainer",
    machine: { id, name },
    generation,
    image,
    command: [],
    limits,
  } as const;

  expect(() =>
    containerBody(
      step,
      "h",
      { entrypoint: [], command: [] },
      { config, volume: "", names: [], application: "", node: "" },
    ),
  ).toThrow("shim: nothing is mounted at /nowhere");
});

test("limits are CPU time by period and quota, memory with as much swap in all", () => {
  expect(encodeLimits(limits)).toEqual({
    Memory: 2 ** 29,
    MemorySwap: 2 ** 29,
    CpuPeriod: 100_000,
    CpuQuota: 50_000,
    CpusetCpus: "0",
  });
  expect(decodeLimits({ Memory: 2 ** 29, CpuPeriod: 100_000, CpuQuota: 50_000, CpusetCpus: "0" })).toEqual(
    limits,
  );
});
