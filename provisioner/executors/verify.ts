import { PlimsollError } from "../../core/runtime/errors.ts";
import type { ContainerState } from "../docker/engine.ts";
import type { Frame } from "../docker/frames.ts";
import type { Host } from "../host/host.ts";
import { renderBytes } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import { leastCapacity } from "../volumes/file-systems.ts";
import { containerName, INSIDE } from "./names.ts";
import type { Executor } from "./types.ts";

/** How long an image's own health check may take to say yes. */
const HEALTHY_MS = 60_000;
const AGAIN_MS = 200;
/** What the shim says may be as old as its freshness allows, and limits have just been changed. */
const STALE_MS = 2000;

/** Prints what a program sees that asks inside. */
const QUESTION = `
const fs = require("fs"), read = (path) => fs.readFileSync(path, "utf8");
const { blocks, bsize } = fs.statfsSync(${JSON.stringify(INSIDE.data)});
const cards = Object.values(require("os").networkInterfaces()).flat();
const addresses = cards.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
console.log(JSON.stringify({
  memoryBytes: Number(/^MemTotal: +(\\d+) kB/.exec(read("/proc/meminfo"))?.[1]) * 1024,
  cpuset: /^Cpus_allowed_list:\\t(.*)$/m.exec(read("/proc/self/status"))?.[1],
  diskBytes: blocks * bsize,
  addresses,
}));
`;

interface Inside {
  readonly memoryBytes: number;
  readonly cpuset: string;
  readonly diskBytes: number;
  readonly addresses: readonly string[];
}

/** The machine runs, is healthy if its image can tell, and sees what it was promised. */
export const verifyMachine: Executor<"verifyMachine"> = async (step, host) => {
  const name = containerName(step.machine, step.generation);
  await requireRunning(host, step, name);
  await awaitPromised(host, step, name);
  await awaitHealth(host, step, name);
};

/** What is not as promised, a phrase each. */
export function findWrong({ limits, diskBytes }: Step<"verifyMachine">, inside: Inside): readonly string[] {
  const wrong: string[] = [];
  if (inside.memoryBytes !== limits.memoryBytes)
    wrong.push(`memory is ${renderBytes(inside.memoryBytes)}, not ${renderBytes(limits.memoryBytes)}`);
  if (inside.cpuset !== limits.cpuset) wrong.push(`CPUs are ${inside.cpuset}, not ${limits.cpuset}`);
  if (inside.diskBytes < leastCapacity(diskBytes))
    wrong.push(`the data disk is ${renderBytes(inside.diskBytes)}, not ${renderBytes(diskBytes)}`);
  if (inside.addresses.length === 0) wrong.push("there is no address");
  return wrong;
}

async function awaitPromised(host: Host, step: Step<"verifyMachine">, name: string): Promise<void> {
  const deadline = host.clock.monotonicMs() + STALE_MS;
  for (;;) {
    const wrong = findWrong(step, await askInside(host, step, name));
    if (wrong.length === 0) return;
    if (host.clock.monotonicMs() > deadline) throw failure(step, `inside: ${wrong.join(", ")}`);
    await host.clock.sleep(AGAIN_MS);
  }
}

async function askInside(host: Host, step: Step<"verifyMachine">, name: string): Promise<Inside> {
  const written = { stdout: "", stderr: "" };
  const argv = [INSIDE.node, "-e", QUESTION];
  const onFrame = ({ stream, bytes }: Frame): void => {
    written[stream] += bytes.toString();
  };
  const code = await host.docker.runInside(name, argv, onFrame).catch(async (error) => {
    // Where it has ended meanwhile, why it did says more.
    await requireRunning(host, step, name);
    throw error;
  });
  if (code === 0) return JSON.parse(written.stdout);
  await requireRunning(host, step, name);
  const why = (written.stderr || written.stdout).trim().split("\n").at(-1);
  throw new PlimsollError(
    "VERIFY",
    `container ${step.machine.name}: no program of ours runs in its image: ${why}`,
    {
      hint: "the image needs glibc and /bin/sh",
    },
  );
}

async function awaitHealth(host: Host, step: Step<"verifyMachine">, name: string): Promise<void> {
  const deadline = host.clock.monotonicMs() + HEALTHY_MS;
  for (;;) {
    const health = (await requireRunning(host, step, name)).State.Health?.Status ?? "none";
    if (health === "none" || health === "healthy") return;
    if (health === "unhealthy" || host.clock.monotonicMs() > deadline)
      throw failure(step, `its health check says ${health}`);
    await host.clock.sleep(AGAIN_MS);
  }
}

async function requireRunning(
  host: Host,
  step: Step<"verifyMachine">,
  name: string,
): Promise<ContainerState> {
  const state = await host.docker.inspectContainer(name);
  if (state?.State.Running === true) return state;
  const last = state === undefined ? "" : await host.docker.lastLogLine(name);
  const code = `exit code ${state?.State.ExitCode ?? "unknown"}`;
  throw failure(step, `it has ended: ${last === "" ? code : `${code}: ${last}`}`);
}

function failure({ machine }: Step<"verifyMachine">, what: string): PlimsollError {
  return new PlimsollError("VERIFY", `container ${machine.name}: ${what}`);
}
