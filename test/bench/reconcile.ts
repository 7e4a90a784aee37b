import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/runtime/clock.ts";
import { exec, startProcess } from "../../core/runtime/exec.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { reserveAddresses } from "../../provisioner/addresses/reserve.ts";
import { openDockerEngine } from "../../provisioner/docker/engine.ts";
import { Flows, renderFlows } from "../../provisioner/drivers/flows.ts";
import { Links } from "../../provisioner/drivers/links.ts";
import { Ovs } from "../../provisioner/drivers/ovs.ts";
import { Attachments } from "../../provisioner/drivers/ovs-attachments.ts";
import { SWITCH_TABLES } from "../../provisioner/drivers/ovs-tables.ts";
import { Probes } from "../../provisioner/drivers/probes.ts";
import { containerName, holderName, LABEL, portName } from "../../provisioner/executors/names.ts";
import { observeMachine } from "../../provisioner/executors/observe.ts";
import { parseHostConfig } from "../../provisioner/host/config.ts";
import type { Host } from "../../provisioner/host/host.ts";
import { encodeMachine, machineKey, nameKey } from "../../provisioner/machines/documents.ts";
import { listMachines } from "../../provisioner/machines/machines.ts";
import { createNetwork } from "../../provisioner/networks/networks.ts";
import { parseSpec } from "../../provisioner/networks/parse-spec.ts";
import { Turns } from "../../provisioner/operations/turns.ts";
import type { Ovsdb } from "../../provisioner/ovsdb/client.ts";
import { TableReplica } from "../../provisioner/ovsdb/table-replica.ts";
import { planMachine } from "../../provisioner/plan/plan.ts";
import type { Keeper } from "../../provisioner/reconcile/keeper.ts";
import { Reconciler } from "../../provisioner/reconcile/reconciler.ts";
import { Surveyor } from "../../provisioner/reconcile/survey.ts";
import type { Machine } from "../../provisioner/resources/types.ts";
import { openStore } from "../../provisioner/store/open.ts";
import type { Store } from "../../provisioner/store/types.ts";
import { DiskVolumes } from "../../provisioner/volumes/disk-volumes.ts";
import { LoopDisks } from "../../provisioner/volumes/loop-disks.ts";

/*
 * What 200 machines cost that are as they should be: a survey of the whole host, which is what the
 * daemon's timer makes, against looking at each. The engine is a process of its own that answers as
 * Docker does; commands are cat(1) of what they would print. Counted is this process's CPU time, and
 * the wall clock, which has everybody's.
 */

const MACHINES = 200;
const ROUNDS = 20;

const machines = Array.from(
  { length: MACHINES },
  (_, index): Machine => ({
    id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    ...{ name: `web-${index}`, generation: 1, image: "debian:12", command: [], network: "front" },
    limits: { cpus: 0.5, cpuset: "0", memoryBytes: 512 * 2 ** 20 },
    disk: { bytes: 2 ** 30, fileSystem: "ext4" },
    ...{ attach: "internal", type: "container", labels: { team: "shop" }, power: "on" },
  }),
);

const LINKS = JSON.stringify([
  {
    ...{ ifname: "eth0", flags: ["UP", "LOWER_UP"], mtu: 1500, address: "02:00:0a:00:00:01" },
    addr_info: [{ family: "inet", local: "10.0.0.1", prefixlen: 16 }],
  },
]);

if (process.argv[2] === "engine") serveEngine(process.argv[3] ?? "", Number(process.argv[4]));
else await measure();

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-bench-"));
  const socket = join(folder, "docker.sock");
  const argv = [process.execPath, process.argv[1] ?? "", "engine", socket, String(process.pid)];
  const engine = startProcess(argv, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => engine.stdout?.once("data", resolve));
  const store = await openStore(join(folder, "state.db"));
  const host = await openHost(folder, socket, store);
  try {
    const survey = await measureSurvey(host);
    const each = await measureEach(host);
    console.log(`${MACHINES} machines with nothing to do, a round      CPU ms   wall ms`);
    console.log(`  a survey of the whole host, and compared   ${cells(survey)}`);
    console.log(`  each observed and planned, eight at once   ${cells(each)}`);
    console.log(`  ratio                                      ${cells(ratio(each, survey))}`);
  } finally {
    await host.docker.close();
    await store.close();
    engine.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

async function measureSurvey(host: Host): Promise<Cost> {
  const surveyor = new Surveyor(host);
  const signal = new AbortController().signal;
  const keeper: Keeper = {
    list: async () => [],
    find: async (id) => machines.find((machine) => machine.id === id),
    plan: async () => [],
    repair: async () => undefined,
    tellTrouble: async () => {},
    listTroubled: async () => [],
  };
  const log = openLogger("bench", "warn");
  const reconciler = new Reconciler({ keeper, turns: new Turns(), clock: systemClock, log, signal });
  const round = async (): Promise<void> =>
    reconciler.compare((await surveyor.survey(await listMachines(host.store))).prints);
  return measureRounds(round);
}

async function measureEach(host: Host): Promise<Cost> {
  return measureRounds(async () => {
    const waiting = machines.values();
    const work = async (): Promise<void> => {
      for (const machine of waiting) planMachine(await observeMachine(host, machine), machine);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }, 2);
}

/** The first rounds look at everything, and warm up. */
async function measureRounds(round: () => Promise<void>, rounds: number = ROUNDS): Promise<Cost> {
  for (let warm = 0; warm < 3 && rounds > 2; warm++) await round();
  const cpu = process.cpuUsage();
  const begunMs = performance.now();
  for (let count = 0; count < rounds; count++) await round();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000 / rounds, wallMs: (performance.now() - begunMs) / rounds };
}

function ratio(a: Cost, b: Cost): Cost {
  return { cpuMs: a.cpuMs / b.cpuMs, wallMs: a.wallMs / b.wallMs };
}

function cells({ cpuMs, wallMs }: Cost): string {
  return `${cpuMs.toFixed(1).padStart(8)}  ${wallMs.toFixed(1).padStart(8)}`;
}

async function openHost(folder: string, socket: string, store: Store): Promise<Host> {
  await fillStore(store);
  const config = parseHostConfig("bench", { name: "h1", docker: socket, data: folder });
  const cat = (name: string, text: string): typeof exec => {
    writeFileSync(join(folder, name), text);
    return (_, options) => exec(["cat", join(folder, name)], options);
  };
  const flows = machines.flatMap(({ id }) =>
    renderFlows({ id, ofport: 1, mac: "", addresses: ["10.0.0.1"] }),
  );
  const ovs = new Ovs(portsOfAll(), { remote: "", log: openLogger("bench", "warn") });
  const links = new Links({ run: cat("links", `${LINKS}\n[]\n`) });
  const attachments = new Attachments(ovs, links, new Flows({ run: cat("flows", flows.join("\n")) }));
  const volumes = new DiskVolumes(join(folder, "volumes"), new LoopDisks(join(folder, "volumes")));
  const docker = openDockerEngine(socket);
  const probes = new Probes(systemClock);
  return { config, store, clock: systemClock, docker, ovs, links, attachments, probes, volumes };
}

async function fillStore(store: Store): Promise<void> {
  const spec = parseSpec({ name: "front", vlan: "100", cidr: "10.0.0.0/16", quarantineSeconds: 600 });
  await createNetwork(store, systemClock, spec);
  for (const machine of machines) {
    await reserveAddresses(store, systemClock, "front", [{ owner: machine.id, address: undefined }]);
    const put = [
      { key: machineKey(machine.id), value: encodeMachine({ machine, host: "h1", createdMs: 0 }) },
      { key: nameKey(machine.name), value: { id: machine.id } },
    ];
    await store.transact({ expect: [], put });
  }
}

/** The switch's database as the client has it. */
function portsOfAll(): Ovsdb {
  const tables = new TableReplica(SWITCH_TABLES);
  const uuid = (kind: number, index: number): string =>
    `${kind}`.padEnd(8, "0") + machines[index]?.id.slice(8);
  const rows = (kind: number, rowOf: (machine: Machine, index: number) => object): object =>
    Object.fromEntries(machines.map((machine, index) => [uuid(kind, index), { new: rowOf(machine, index) }]));
  const empty = (table: string): object =>
    Object.fromEntries(
      (SWITCH_TABLES[table] ?? []).map((column) => [column, [column === "other_config" ? "map" : "set", []]]),
    );
  const ports = machines.map((_, index) => ["uuid", uuid(1, index)]);
  tables.replace({
    Bridge: { [uuid(3, 0)]: { new: { name: "br0", datapath_type: "system", ports: ["set", ports] } } },
    Port: rows(1, (machine, index) => ({
      ...empty("Port"),
      ...{ name: portName(machine), tag: 100, interfaces: ["uuid", uuid(2, index)] },
      external_ids: ["map", [["plimsoll-id", machine.id]]],
    })),
    Interface: rows(2, (machine, index) => ({
      ...empty("Interface"),
      ...{ name: portName(machine), type: "internal", ofport: index + 1, ifindex: 0 },
    })),
  });
  return { tables, isConnected: true } as unknown as Ovsdb;
}

/** Answers as an engine with a container and a holder for each machine; every process is the bench's. */
function serveEngine(socket: string, pid: number): void {
  const containers = machines.flatMap((machine, index) =>
    [holderName(machine), containerName(machine, 1)].map((name, which) => ({
      ...{
        Id: `${which}${index}`.padStart(64, "0"),
        Names: [`/${name}`],
        State: "running",
        Status: "Up 3 days",
      },
      ...{
        Image: "debian:12",
        ImageID: "sha256:".padEnd(71, "a"),
        Command: "/bin/sh -c …",
        Created: 1_700_000_000,
      },
      Labels: { [LABEL.machine]: machine.id, ...(which === 0 ? {} : { [LABEL.generation]: "1" }) },
      HostConfig: { NetworkMode: "none" },
      NetworkSettings: { Networks: { none: { NetworkID: "a".repeat(64), EndpointID: "b".repeat(64) } } },
      Mounts: Array.from({ length: which * 12 }, (_, mount) => ({
        ...{
          Type: "bind",
          Source: `/var/lib/plimsoll/shim/proc/file${mount}`,
          Destination: `/proc/file${mount}`,
        },
        ...{ Mode: "ro", RW: false, Propagation: "rprivate" },
      })),
    })),
  );
  const all = JSON.stringify(containers);
  const state = {
    ...{ Id: "a".repeat(64), State: { Running: true, Pid: pid, ExitCode: 0 } },
    Config: { Labels: { [LABEL.generation]: "1" } },
    HostConfig: {
      Memory: 512 * 2 ** 20,
      CpuPeriod: 100_000,
      CpuQuota: 50_000,
      CpusetCpus: "0",
      NetworkMode: "",
    },
  };
  const server = createServer(({ url = "" }, response) => {
    const id = /label%22%3A%5B%22[\w.]+%3D([\w-]+)/.exec(url)?.[1];
    const own = (): string => JSON.stringify(containers.filter(({ Labels }) => Labels[LABEL.machine] === id));
    if (!url.includes("/containers/json")) response.end(JSON.stringify(state));
    else response.end(id === undefined ? all : own());
  });
  server.listen(socket, () => process.stdout.write("ready\n"));
}
