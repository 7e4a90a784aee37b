import { setTimeout as delay } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { createCommand, exitWith, withExamples } from "../../core/runtime/command-line.ts";
import { environmentVariable } from "../../core/runtime/config.ts";
import { PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { latestValues } from "./collector-client.ts";
import { compareSides, renderComparison } from "./comparison.ts";
import { type Figures, figuresOf, type LatestValue, renderFigures } from "./figures.ts";
import { openLiveView } from "./live-view.ts";
import { type Running, runOnHost, withRunning } from "./up.ts";

const DEFAULT_IMAGE = "debian:12-slim";
const FIRST_SAMPLE_PATIENCE_MS = 30_000;
const REFRESH_MS = 1000;

interface CommandOptions {
  readonly once?: true;
  readonly docker?: true;
  readonly image?: string;
  readonly port: number;
  readonly forward: readonly string[];
  readonly verbose?: true;
  readonly json?: true;
}

/** `plimsoll up`: the whole product on this machine, one sample container, until Ctrl-C. */
export function upCommand(signal: AbortSignal): Command {
  const command = createCommand(
    "up",
    "show the product here: shim, collector and one sample container with its agent",
  )
    .option("--once", "end after the first pushed sample has come back out of the collector")
    .option("--docker", "a container of the local Docker engine instead of the built-in one")
    .option("--image <name>", `with --docker: the image, ${DEFAULT_IMAGE} unless told; glibc is all it needs`)
    .option("--port <number>", "the collector's port", parsePort, 9465)
    .option("--forward <url...>", "where the collector hands everything on to, e.g. a Prometheus", [])
    .option("--verbose", "the log of shim and collector on stderr")
    .option("--json", "with --once: print one JSON document instead of tables")
    .action((options: CommandOptions) => up(options, signal));
  return withExamples(command, [
    ["plimsoll up", "start everything, refresh the agent's figures until Ctrl-C, take everything down"],
    ["plimsoll up --once --json", "the same for a script: exit code 0 when a sample made the whole way"],
    ["plimsoll up --forward remote-write+http://127.0.0.1:9090/api/v1/write", "into a Prometheus as well"],
    ["plimsoll up --docker --image debian:12-slim", "with a Docker container"],
  ]);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("a port is 1 to 65535.");
  return port;
}

function checkOptions(options: CommandOptions): void {
  if (options.image !== undefined && !options.docker) throw new UsageError("--image: needs --docker");
  if (options.json && !options.once) throw new UsageError("--json: needs --once");
}

async function up(options: CommandOptions, signal: AbortSignal): Promise<void> {
  checkOptions(options);
  const log = openLogger("plimsoll", "warn");
  const socket = (environmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock").replace(
    /^unix:\/\//,
    "",
  );
  const upOptions = {
    port: options.port,
    forward: options.forward,
    dockerImage: options.docker ? (options.image ?? DEFAULT_IMAGE) : undefined,
    dockerSocket: socket,
    onLine: (line: string) => void (options.verbose && process.stderr.write(`${line}\n`)),
    signal,
  };
  try {
    await withRunning(upOptions, log, (running) => presentUntil(running, options, signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    // Without --once a signal is the ordinary end.
    if (options.once) exitWith(EXIT.interrupted);
  }
}

/** Presents until it is done, a part ends by itself, or `signal` aborts; nothing goes on afterwards. */
async function presentUntil(running: Running, options: CommandOptions, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const presentation = present(running, options, AbortSignal.any([signal, over.signal]));
  try {
    await Promise.race([presentation, running.failure, rejectOnAbort(signal)]);
  } finally {
    over.abort();
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
  });
}

async function present(running: Running, options: CommandOptions, signal: AbortSignal): Promise<void> {
  const { container, address, collectorUrl } = running;
  const first = await firstSample(collectorUrl, address, signal);
  const comparison = await compareSides(runOnHost, container.run);
  if (options.once && options.json) {
    process.stdout.write(`${JSON.stringify({ ip: address, comparison, figures: first.figures })}\n`);
    return;
  }
  const urls = [`${collectorUrl}/`, `${collectorUrl}/metrics`, `${collectorUrl}/api/v1/machines/${address}`];
  process.stdout.write(
    `${renderComparison(comparison)}\n\nwhat the collector has of ${container.description}:\n`,
  );
  if (options.once) {
    process.stdout.write(`${renderFigures(first.figures)}\n${urls.join("\n")}\n`);
    return;
  }
  process.stdout.write(`${urls.join("\n")}\nCtrl-C takes everything down again.\n\n`);
  await refresh(running, first, signal);
}

interface Reported {
  readonly values: readonly LatestValue[];
  readonly figures: Figures;
}

/** Waits until a sample of the agent has come back out of the collector. That the collector has ended is for `failure` to say. */
async function firstSample(collectorUrl: string, address: string, signal: AbortSignal): Promise<Reported> {
  const deadline = performance.now() + FIRST_SAMPLE_PATIENCE_MS;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    const values = await latestValues(collectorUrl, address).catch(() => []);
    const figures = figuresOf(values);
    if (figures !== undefined) return { values, figures };
    await delay(100);
  }
  throw new PlimsollError(
    "NO_SAMPLE",
    `no sample of ${address} reached the collector in ${FIRST_SAMPLE_PATIENCE_MS / 1000} s`,
    {
      hint: "is traffic from the container to this host filtered? see nft list ruleset",
    },
  );
}

async function refresh(running: Running, first: Reported, signal: AbortSignal): Promise<void> {
  const view = openLiveView(process.stdout);
  try {
    let previous = first;
    while (!signal.aborted) {
      await delay(REFRESH_MS, undefined, { signal }).catch(() => {});
      const values = await latestValues(running.collectorUrl, running.address).catch(() => []);
      const figures = figuresOf(values, previous.values);
      // Rates are between two samples: the same one again would show a standstill.
      if (figures === undefined || figures.timestampMs <= previous.figures.timestampMs) continue;
      view.show(renderFigures(figures));
      previous = { values, figures };
    }
  } finally {
    view.close();
  }
}
