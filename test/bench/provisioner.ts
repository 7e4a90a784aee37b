import { subscribe } from "node:diagnostics_channel";
import { writeSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/runtime/clock.ts";
import type { ContainerCreateBody } from "../../core/runtime/engine-types.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { exec } from "../../core/runtime/exec.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { reserveAddresses } from "../../provisioner/addresses/reserve.ts";
import type { CreateRequest } from "../../provisioner/ct/request.ts";
import { withSession } from "../../provisioner/ct/session.ts";
import type { DockerEngine } from "../../provisioner/docker/engine.ts";
import { containerBody } from "../../provisioner/executors/container-body.ts";
import { holderBody } from "../../provisioner/executors/holder-body.ts";
import { ensureHolderImage } from "../../provisioner/executors/holder-image.ts";
import { QUESTION } from "../../provisioner/executors/verify.ts";
import { readHostConfig } from "../../provisioner/host/config.ts";
import { createNetwork } from "../../provisioner/networks/networks.ts";
import { parseSpec } from "../../provisioner/networks/parse-spec.ts";
import type { Step } from "../../provisioner/step/steps.ts";
import { openStore } from "../../provisioner/store/open.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CtLab, IMAGE } from "../support/ct-lab.ts";
import { startEtcd } from "../support/etcd.ts";
import { readFigures } from "./process-figures.ts";

/*
 * What a machine takes to be made, and twenty in one request, split by step: on a switch of this bench's own with the
 * userspace datapath, a Docker engine of its own, and disks as files. What the engine is asked is timed from the
 * first request that is open to the last that ends, so that the rest is our own share: programs that we start,
 * mkfs apart, and this process. Beside it the floor: the engine alone, asked for the same containers and for
 * nothing else. Then the daemon's memory and CPU time, and reservations of addresses on both stores.
 */

const BATCH = 20;
const RESERVATIONS = 500;
const MIB = 2 ** 20;

interface Line {
  readonly kind: Step["kind"];
  readonly machine: string;
  readonly beginMs: number;
  readonly endMs: number;
  /** Of it, without a request open to the engine. */
  readonly oursMs: number;
}

interface Creation {
  readonly wallMs: number;
  readonly dockerMs: number;
  /** Started by us. */
  readonly programs: number;
  readonly lines: readonly Line[];
}

if (process.argv[2] !== "create") await measure();
else
  await create(JSON.parse(process.argv[3] ?? "")).catch((error: unknown) => {
    // One line: it is all that is told of a program that fails.
    process.stderr.write(`${errorLine(error)}\n`);
    process.exitCode = 1;
  });

async function measure(): Promise<void> {
  const cleanup = new Cleanup();
  try {
    const lab = await CtLab.open(cleanup);
    await createIn(lab, 1, "warm");
    await lab.ct("destroy", "warm");
    console.log(`load ${loadavg()[0]?.toFixed(1)} before\n`);
    const one = await createIn(lab, 1, "one");
    const batch = await createIn(lab, BATCH, "web");
    printSteps(one, batch);
    await printFloor(lab, one, batch);
    await printDaemon(lab);
    const names = (await lab.json("list")).map(({ name }) => name);
    await timed(
      `destroy of ${names.length}`,
      async () => void (await lab.plimsoll("ct", "destroy", ...names)),
    );
    await printReservations(cleanup);
  } finally {
    await cleanup.run();
  }
}

async function createIn(lab: CtLab, count: number, name: string): Promise<Creation> {
  const request: CreateRequest = {
    ...{ kind: "create", name, count, image: IMAGE, command: [], net: "front", fs: "ext4", cpus: "1" },
    ...{ memory: "96M", disk: "32M", attach: "internal", type: "container", label: [] },
  };
  const argv = [process.execPath, process.argv[1] ?? "", "create", JSON.stringify(request)];
  const { stdout } = await exec(lab.inNamespace(...argv), { env: lab.env, timeoutMs: 300_000 });
  return JSON.parse(stdout);
}

/** The other process: in the lab's network namespace, as `plimsoll ct create` would be. */
async function create(request: CreateRequest): Promise<void> {
  const dockerMs = countDocker();
  let programs = 0;
  subscribe("child_process", () => programs++);
  const begun = new Map<string, number>();
  const lines: Line[] = [];
  const watcher = {
    begin: (step: Step) => void begun.set(`${step.machine.id} ${step.kind}`, performance.now()),
    done: ({ kind, machine }: Step) => {
      const [beginMs, endMs] = [begun.get(`${machine.id} ${kind}`) ?? 0, performance.now()];
      const oursMs = endMs - beginMs - dockerMs(beginMs);
      lines.push({ kind, machine: machine.name, beginMs, endMs, oursMs });
    },
  };
  const signal = new AbortController().signal;
  const log = openLogger("bench", "error");
  const events = { watcher, onWait: () => {}, onResume: () => {} };
  const begunMs = performance.now();
  const { failures } = await withSession({}, log, signal, events, (operator) =>
    operator.carryOut(request, watcher, signal),
  );
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  const made: Creation = {
    wallMs: performance.now() - begunMs,
    dockerMs: dockerMs(begunMs),
    programs,
    lines,
  };
  writeSync(1, JSON.stringify(made));
}

/** How long since a moment at least one request was open: undici tells of each as it begins and ends. */
function countDocker(): (sinceMs: number) => number {
  const spans: { readonly beginMs: number; endMs: number }[] = [];
  let open = 0;
  subscribe("undici:request:create", () => {
    if (open++ === 0) spans.push({ beginMs: performance.now(), endMs: Number.POSITIVE_INFINITY });
  });
  for (const end of ["trailers", "error"])
    subscribe(`undici:request:${end}`, () => {
      const last = spans.at(-1);
      if (--open === 0 && last !== undefined) last.endMs = performance.now();
    });
  return (sinceMs) => {
    const now = performance.now();
    const lasted = spans.map(({ beginMs, endMs }) => Math.min(endMs, now) - Math.max(beginMs, sinceMs));
    return lasted.reduce((sum, ms) => sum + Math.max(0, ms), 0);
  };
}

function printSteps(one: Creation, batch: Creation): void {
  const kinds = [...new Set(one.lines.map(({ kind }) => kind))];
  const cell = (ms: number): string => ms.toFixed(0).padStart(8);
  const mean = ({ lines }: Creation, kind: Step["kind"], of: (line: Line) => number = lasted): number => {
    const took = lines.filter((line) => line.kind === kind).map(of);
    return took.reduce((sum, ms) => sum + ms, 0) / took.length;
  };
  console.log(`ms                       one   each of ${BATCH}   of one, ours`);
  for (const kind of kinds) {
    const ours = cell(mean(one, kind, ({ oursMs }) => oursMs));
    console.log(`  ${kind.padEnd(18)}${cell(mean(one, kind))}    ${cell(mean(batch, kind))}    ${ours}`);
  }
  console.log(`  ${"from begin to end".padEnd(18)}${cell(one.wallMs)}    ${cell(batch.wallMs)}`);
  console.log(`  ${"the engine at work".padEnd(18)}${cell(one.dockerMs)}    ${cell(batch.dockerMs)}`);
  console.log(`  ${"programs started".padEnd(18)}${cell(one.programs)}    ${cell(batch.programs)}`);
  const waits = mean(one, "probeAddress") + mean(one, "createVolume");
  console.log(
    `  own share of one, without engine, disk's making and probe: ${(one.wallMs - one.dockerMs - waits).toFixed(0)} ms`,
  );
  const kept: readonly Step["kind"][] = ["mountVolume", "writeIdentity"];
  const meanwhile = kept.reduce((sum, kind) => sum + mean(one, kind), 0);
  console.log(`  of it, while the wire is listened to all the same: ${meanwhile.toFixed(0)} ms`);
  console.log(`  batch of ${BATCH} / one: ${(batch.wallMs / one.wallMs).toFixed(1)}\n`);
}

function lasted({ beginMs, endMs }: Line): number {
  return endMs - beginMs;
}

/**
 * A machine is two containers to the engine, the second in the first's network namespace, and one question inside:
 * the same, with the same limits and mounts, asked for by who does nothing else.
 */
async function printFloor(lab: CtLab, one: Creation, batch: Creation): Promise<void> {
  const config = await readHostConfig(join(lab.folder, "host.json"));
  await lab.withEngine(async (engine) => {
    const image = await ensureHolderImage(engine);
    const same = async (name: string): Promise<void> => {
      const machine = { id: name, name };
      const holder = await start(engine, `${name}.net`, holderBody(machine, image));
      const limits = { cpus: 1, cpuset: "0", memoryBytes: 96 * MIB };
      const step = {
        kind: "createContainer",
        machine,
        generation: 1,
        image: IMAGE,
        command: [],
        limits,
      } as const;
      const [application, node] = [packageDirectory(), process.execPath];
      const surroundings = { config, volume: join(lab.folder, "floor"), names: [], application, node };
      await start(engine, name, containerBody(step, holder, { entrypoint: [], command: [] }, surroundings));
      await engine.runInside(name, ["/bin/sh", "-c", QUESTION], () => {});
    };
    const names = Array.from({ length: BATCH }, (_, index) => `floor-${index}`);
    const alone = await milliseconds(() => same("floor"));
    const together = await milliseconds(() => Promise.all(names.map(same)));
    for (const name of ["floor", ...names])
      for (const each of [name, `${name}.net`]) await engine.removeContainer(each);
    const ratio = (a: number, b: number): string => (a / b).toFixed(1).padStart(8);
    console.log(
      `the engine alone       ${[alone, together].map((ms) => ms.toFixed(0).padStart(8)).join("    ")}`,
    );
    console.log(`  ${BATCH} / one: ${ratio(together, alone)}`);
    console.log(
      `  ours / the engine's: ${ratio(one.wallMs, alone)}, ${ratio(batch.wallMs, together)} for ${BATCH}`,
    );
    console.log(`  batch without the engine's own: ${ratio(batch.wallMs - together, one.wallMs)} x one\n`);
  });
}

async function start(engine: DockerEngine, name: string, body: ContainerCreateBody): Promise<string> {
  const id = await engine.createContainer(name, body);
  await engine.startContainer(id);
  return id;
}

/** Where its timer looks each second, and at rest: its own looks are 30 s apart. */
async function printDaemon(lab: CtLab): Promise<void> {
  for (const interval of ["1s", "1h"]) {
    const daemon = await lab.serve("--interval", interval);
    await systemClock.sleep(10_000);
    const before = readFigures(daemon.pid);
    await systemClock.sleep(10_000);
    const { proportionalBytes, cpuMs, wakeUps } = readFigures(daemon.pid);
    await daemon.stop("SIGTERM");
    const perSecond = (after: number, from: number): string => ((after - from) / 10).toFixed(1);
    console.log(
      `daemon of ${BATCH + 1} machines, looking each ${interval}: ${(proportionalBytes / MIB).toFixed(1)} MiB, ` +
        `${perSecond(cpuMs, before.cpuMs)} ms of CPU and ${perSecond(wakeUps, before.wakeUps)} wake-ups a second`,
    );
  }
  console.log("");
}

async function printReservations(cleanup: Cleanup): Promise<void> {
  const etcd = await startEtcd(cleanup);
  const urls = { embedded: join(cleanup.temporaryFolder(), "state.db"), etcd: etcd.storeUrl("bench") };
  for (const [name, url] of Object.entries(urls)) {
    const store = await openStore(url);
    const spec = parseSpec({ name: "front", vlan: "100", cidr: "10.0.0.0/16", quarantineSeconds: 600 });
    await createNetwork(store, systemClock, spec);
    const owners = Array.from({ length: RESERVATIONS }, () => crypto.randomUUID()).values();
    const work = async (): Promise<void> => {
      for (const owner of owners)
        await reserveAddresses(store, systemClock, "front", [{ owner, address: undefined }]);
    };
    await timed(`${RESERVATIONS} addresses reserved by 8 at once, ${name}`, async () => {
      await Promise.all(Array.from({ length: 8 }, work));
    });
    await store.close();
  }
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  console.log(`${what}: ${((await milliseconds(work)) / 1000).toFixed(2)} s`);
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}
