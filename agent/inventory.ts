import type { Labels, Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { errorLine, PlimsollError } from "../core/runtime/errors.ts";
import { exec } from "../core/runtime/exec.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Facts } from "./facts.ts";
import { gauge, type Metric, point } from "./metric.ts";
import { Problems } from "./problems.ts";

const DAY_MS = 86_400_000;
/** After the start of a host with all its containers: each waits a minute, and up to five more. */
const FIRST_MS = 60_000;
const SPREAD_MS = 300_000;

/** What the other process and the programs it starts take at most, and some: nobody is to be killed for an inventory. */
const ROOM_BYTES = 128 * 1024 * 1024;

/** A label of every series as it is. */
const HOST_NAME = "hostname";

export interface InventoryOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether it is wanted, by the configuration as it is then. */
  readonly isOn: () => boolean;
  /** 0 ≤ r < 1. */
  readonly random?: () => number;
  readonly take?: (signal: AbortSignal) => Promise<Facts>;
}

/** What the machine is, asked after the start and once a day, in a process of its own that ends at once. */
export class Inventory {
  readonly #options: InventoryOptions;
  readonly #problems = new Problems();
  #known: readonly Fact[] = [];

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { clock, isOn, random = Math.random } = this.#options;
    await clock.sleep(FIRST_MS + SPREAD_MS * random(), stop);
    while (!stop.aborted) {
      if (isOn()) await this.#take(stop);
      await clock.sleep(DAY_MS, stop);
    }
  }

  /** None before it was asked, and none when it is not wanted any more. */
  series(nowMs: number): readonly Series[] {
    const known = this.#options.isOn() ? this.#known : [];
    return known.map(([metric, labels, value]) => point(metric, labels, value, nowMs));
  }

  async #take(stop: AbortSignal): Promise<void> {
    const { log, take = takeFacts } = this.#options;
    let problem: string | undefined;
    try {
      this.#known = metricsOf(await take(stop));
    } catch (error) {
      problem = errorLine(error);
    }
    if (stop.aborted || !this.#problems.hasChanged("facts", problem)) return;
    // Where a container has the one file and nothing else there is none, and that is all right.
    if (problem !== undefined) log.info({ problem }, "no inventory of this machine");
  }
}

/** By `plimsoll-agent facts`: what it loads and starts never comes into this process. */
export async function takeFacts(
  signal: AbortSignal,
  program: string = process.argv[1] ?? "",
  roomBytes: number = process.availableMemory(),
): Promise<Facts> {
  if (roomBytes < ROOM_BYTES) {
    throw new PlimsollError("FACTS", `inventory: ${Math.floor(roomBytes / 2 ** 20)} MiB left are not enough`);
  }
  const { stdout } = await exec([process.execPath, program, "facts"], { signal, title: "inventory" });
  return JSON.parse(stdout) as Facts;
}

/** What is the same each time it is said. */
type Fact = readonly [metric: Metric, labels: Labels, value: number];

/** Texts are the labels of one metric for each part, numbers are metrics. */
function metricsOf(facts: Facts): readonly Fact[] {
  return Object.entries(facts).flatMap(([part, values]) => {
    const labels: Record<string, string> = {};
    const numbers: Fact[] = [];
    for (const [key, value] of Object.entries(values)) {
      const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (typeof value === "number") {
        const metric = gauge(`plimsoll_facts_${part}_${name}`, `What is known of the ${part}: ${name}.`);
        numbers.push([metric, {}, value]);
      } else if (value !== "" && key !== HOST_NAME) labels[name] = `${value}`;
    }
    const info = gauge(`plimsoll_facts_${part}_info`, `1, with what is known of the ${part}.`);
    return [[info, labels, 1] as const, ...numbers];
  });
}
