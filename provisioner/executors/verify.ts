import { lstatSync, readFileSync, statfsSync } from "node:fs";
import type { ContainerInspectAnswer } from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { LATE } from "../../core/runtime/patience.ts";
import type { Frame } from "../docker/frames.ts";
import type { Host } from "../host/host.ts";
import { renderBytes } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import { leastCapacity } from "../volumes/file-systems.ts";
import { containerName, INSIDE } from "./names.ts";
import type { Executor } from "./types.ts";

/** How long an image's own health check may take to say yes. */
const HEALTHY_MS = 60_000;
/** Interval and timeout of a health check that does not say (Docker Engine API, HealthConfig). */
const PROBE_NS = 30e9;
/** An image's shell is not ours: it may hang, or write without end. */
const ANSWER_MS = 60_000;
const MAX_ANSWER = 65_536;
const AGAIN_MS = 200;
/** What the shim says may be as old as its freshness allows, and limits have just been changed. */
const STALE_MS = 2000;

/**
 * Prints what only who is inside is told, where a program of ours runs there: node's version needs the image's
 * libraries as the agent does, and a twentieth of the time of a script. CPUs are those of a new process: the
 * image's own program may have given itself fewer.
 */
export const QUESTION: string = `
${INSIDE.node} --version >/dev/null || exit
tell() { while read -r name value _; do [ "$name" != "$2" ] || echo "$name $value"; done <"$1"; }
tell /proc/meminfo MemTotal:
tell /proc/self/status Cpus_allowed_list:
`;

interface Inside {
  readonly memoryBytes: number;
  readonly cpuset: string;
  readonly diskBytes: number;
  readonly addresses: readonly string[];
}

type Running = ContainerInspectAnswer & { readonly State: NonNullable<ContainerInspectAnswer["State"]> };

type VerifyHost = Pick<Host, "docker" | "clock">;

/** The machine runs, is healthy if its image can tell, and sees what it was promised. */
export const verifyMachine: Executor<"verifyMachine"> = async (step, host) => {
  const name = containerName(step.machine, step.generation);
  const { State } = await requireRunning(host, step, name);
  await awaitPromised(host, step, name, State.Pid ?? 0);
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

type Answer = Pick<Inside, "memoryBytes" | "cpuset">;

/** What `QUESTION` prints. */
export function parseAnswer(text: string): Answer {
  return {
    memoryBytes: Number(/^MemTotal: (\d+)$/m.exec(text)?.[1] ?? 0) * 1024,
    cpuset: /^Cpus_allowed_list: (\S+)$/m.exec(text)?.[1] ?? "",
  };
}

/** At least until the engine has asked for the first time, an interval after the start, and has its answer. */
export function healthyWithinMs(config: ContainerInspectAnswer["Config"]): number {
  const check = config?.Healthcheck;
  const firstNs = (check?.Interval || PROBE_NS) + (check?.Timeout || PROBE_NS);
  return Math.max(HEALTHY_MS, firstNs / 1e6);
}

/** The addresses of a namespace but for loopback's: of `/proc/PID/net/fib_trie` the leaves that are its own. */
export function parseLocalAddresses(text: string): readonly string[] {
  const leaves = text.matchAll(/\|-- (\S+)(?:\n +\/\d+ .*)*?\n +\/32 host LOCAL/g);
  const addresses = [...leaves].map(([, address = ""]) => address);
  return [...new Set(addresses)].filter((address) => !address.startsWith("127."));
}

async function awaitPromised(
  host: Host,
  step: Step<"verifyMachine">,
  name: string,
  pid: number,
): Promise<void> {
  const deadline = host.clock.monotonicMs() + STALE_MS;
  for (;;) {
    const wrong = findWrong(step, await lookInside(host, step, name, pid));
    if (wrong.length === 0) return;
    if (host.clock.monotonicMs() > deadline) throw failure(step, `inside: ${wrong.join(", ")}`);
    await host.clock.sleep(AGAIN_MS);
  }
}

/** What the kernel tells of its first process, and what a program is told that asks inside. */
async function lookInside(
  host: Host,
  step: Step<"verifyMachine">,
  name: string,
  pid: number,
): Promise<Inside> {
  const told = await askInside(host, step, name);
  try {
    const data = `/proc/${pid}/root${INSIDE.data}`;
    // The engine mounts where it leads inside, and from here it leads elsewhere.
    if (lstatSync(data).isSymbolicLink())
      throw failure(step, `${INSIDE.data} must not be a link in its image`);
    const { blocks, bsize } = statfsSync(data);
    const addresses = parseLocalAddresses(readFileSync(`/proc/${pid}/net/fib_trie`, "utf8"));
    return { ...told, diskBytes: blocks * bsize, addresses };
  } catch (error) {
    await requireRunning(host, step, name);
    throw error;
  }
}

export async function askInside(
  host: VerifyHost,
  step: Step<"verifyMachine">,
  name: string,
): Promise<Answer> {
  const written = { stdout: "", stderr: "" };
  const argv = ["/bin/sh", "-c", QUESTION];
  const onFrame = ({ stream, bytes }: Frame): void => {
    written[stream] = (written[stream] + bytes.toString()).slice(-MAX_ANSWER);
  };
  const code = await inTime(host, (signal) => host.docker.runInside(name, argv, onFrame, signal)).catch(
    async (error) => {
      // Where it has ended meanwhile, why it did says more.
      await requireRunning(host, step, name);
      throw error;
    },
  );
  if (code === LATE) throw failure(step, `inside: no answer within ${ANSWER_MS / 1000} s`);
  if (code === 0) return parseAnswer(written.stdout);
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

/** What `ask` gives, or LATE: it is told to end then. */
async function inTime(
  { clock }: VerifyHost,
  ask: (signal: AbortSignal) => Promise<number>,
): Promise<number | typeof LATE> {
  const [late, answered] = [new AbortController(), new AbortController()];
  void clock.sleep(ANSWER_MS, answered.signal).then(() => late.abort());
  try {
    return await ask(late.signal);
  } catch (error) {
    if (late.signal.aborted) return LATE;
    throw error;
  } finally {
    answered.abort();
  }
}

async function awaitHealth(host: Host, step: Step<"verifyMachine">, name: string): Promise<void> {
  const begunMs = host.clock.monotonicMs();
  for (;;) {
    const { State, Config } = await requireRunning(host, step, name);
    const health = State.Health?.Status ?? "none";
    if (health === "none" || health === "healthy") return;
    if (health === "unhealthy" || host.clock.monotonicMs() - begunMs > healthyWithinMs(Config))
      throw failure(step, `its health check says ${health}`);
    await host.clock.sleep(AGAIN_MS);
  }
}

async function requireRunning(host: VerifyHost, step: Step<"verifyMachine">, name: string): Promise<Running> {
  const state = await host.docker.inspectContainer(name);
  if (state?.State?.Running === true) return { ...state, State: state.State };
  const last = state === undefined ? "" : await host.docker.lastLogLine(name);
  const code = `exit code ${state?.State?.ExitCode ?? "unknown"}`;
  throw failure(step, `it has ended: ${last === "" ? code : `${code}: ${last}`}`);
}

function failure({ machine }: Step<"verifyMachine">, what: string): PlimsollError {
  return new PlimsollError("VERIFY", `container ${machine.name}: ${what}`);
}
