import type { Command } from "commander";
import { systemClock } from "../../core/runtime/clock.ts";
import { createCommand, exitWith, withExamples } from "../../core/runtime/command-line.ts";
import { NotFoundError, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { confirm } from "../confirm.ts";
import { showProgress } from "../ct/progress.ts";
import { withStore } from "../ct/session.ts";
import type { RequestResult } from "../operations/requests.ts";
import { print } from "../print.ts";
import { DEFAULT_STORE, isSharedStore } from "../store/open.ts";
import { renderTable } from "../table.ts";
import type { Order } from "./documents.ts";
import { Errand } from "./errand.ts";
import { placeEvacuation, previewEvacuation } from "./evacuate.ts";
import { renderEvacuation } from "./evacuation-views.ts";
import { readFleet } from "./hosts.ts";
import { drainHost, fenceHost, type Orderer, readmitHost } from "./orders.ts";
import { renderRefusal } from "./placement.ts";
import { HOST_TITLES, hostRow, viewHost, viewOrder } from "./render.ts";

interface CommonOptions {
  readonly store?: string;
  readonly config?: string;
  readonly json?: true;
}

/** The commands of `plimsoll host` that are about all hosts of a store. */
export function fleetCommands(signal: AbortSignal): readonly Command[] {
  return [hostList(), hostDrain(), hostFence(signal), hostReadmit(), hostEvacuate(signal)];
}

function hostList(): Command {
  const command = fleetCommand("list", "all hosts of the store, and what is promised on each").action(
    (options: CommonOptions) =>
      withFleetStore(options, async ({ store }) => {
        const views = (await readFleet(store)).hosts.map(viewHost);
        print(options, views, () => renderTable(HOST_TITLES, views.map(hostRow)));
      }),
  );
  return withExamples(command, [["plimsoll host list --json", "for scripts"]]);
}

function hostDrain(): Command {
  const command = fleetCommand("drain", "have a host get no more machines; it keeps those it has")
    .argument("<host>")
    .action((host: string, options: CommonOptions) =>
      withFleetStore(options, async (orderer) => tellOrder(options, host, await drainHost(orderer, host))),
    );
  return withExamples(command, [["plimsoll host drain h2", "plimsoll host readmit ends it"]]);
}

interface FenceOptions extends CommonOptions {
  readonly yes?: true;
}

function hostFence(signal: AbortSignal): Command {
  const command = fleetCommand("fence", "say that a host is off, so that its machines may be made elsewhere")
    .argument("<host>")
    .option("--yes", "it is off: do not ask")
    .action((host: string, { yes, ...options }: FenceOptions) =>
      withFleetStore(options, async (orderer) => {
        const question = `Is ${host} off, or cut from the network for good?`;
        if (!yes)
          await confirm({ command: "host fence", lines: [], question, hint: "--yes says so" }, signal);
        tellOrder(options, host, await fenceHost(orderer, host));
      }),
    );
  return withExamples(command, [
    [
      "plimsoll host fence h2",
      "should it return, it ends its machines before anything else, and starts none",
    ],
  ]);
}

function hostReadmit(): Command {
  const command = fleetCommand(
    "readmit",
    "end a drain or a fence: the host goes on with what is still its own",
  )
    .argument("<host>")
    .action((host: string, options: CommonOptions) =>
      withFleetStore(options, async (orderer) => {
        if (!(await readmitHost(orderer, host)))
          throw new NotFoundError(`host ${host}: neither draining nor fenced`);
        print(options, { host }, () => `${host} is as any other\n`);
      }),
    );
  return withExamples(command, [["plimsoll host readmit h2", "exit code 3 where there is nothing to end"]]);
}

interface EvacuateOptions extends FenceOptions {
  readonly withoutData?: true;
  readonly dryRun?: true;
}

function hostEvacuate(signal: AbortSignal): Command {
  const command = fleetCommand("evacuate", "make the machines of a fenced host anew on others")
    .argument("<host>")
    .option("--without-data", "with empty data disks: those they had are on that host, and stay there")
    .option("--dry-run", "print what would be made where, and change nothing")
    .option("--yes", "do not ask")
    .action((host: string, options: EvacuateOptions) =>
      withFleetStore(options, (orderer) => evacuate(orderer, host, options, signal)),
    );
  return withExamples(command, [
    ["plimsoll host evacuate h2 --dry-run", "what would be made where"],
    ["plimsoll host evacuate h2 --without-data", "same name, id, address and limits; the next generation"],
  ]);
}

async function evacuate(
  { store, clock }: Orderer,
  host: string,
  options: EvacuateOptions,
  signal: AbortSignal,
): Promise<void> {
  const planned = await previewEvacuation(store, host);
  const lines = renderEvacuation(planned);
  const told = lines.length === 0 ? "nothing to do\n" : lines.map((line) => `${line}\n`).join("");
  if (options.dryRun) return print(options, planned, () => told);
  if (lines.length === 0) return print(options, [], () => told);
  if (!options.withoutData)
    throw new PlimsollError("DATA", `host ${host}: the data of its machines is on its own disks`, {
      hint: "--without-data makes them with empty ones; --dry-run shows which",
    });
  const question = "Make them there?";
  if (!options.yes)
    await confirm({ command: "host evacuate", lines, question, hint: "--yes does it" }, signal);
  const { asks, refused } = await placeEvacuation(store, clock, host);
  const watcher = showProgress(process.stderr, options.json === true);
  const records = await Promise.all(
    asks.map((ask) => new Errand(store, clock, ask, watcher).operation(signal)),
  );
  const results = records.flatMap((record) => record.results);
  print(options, results, () => results.map(renderResult).join(""));
  for (const refusal of refused) process.stderr.write(`error: ${renderRefusal(refusal)}\n`);
  if (refused.length > 0 || results.some(({ state }) => state !== "done")) exitWith(EXIT.failed);
}

function renderResult({ name, state, error }: RequestResult): string {
  if (state === "done") return `${name} is there\n`;
  return `${name}: ${state === "undone" ? "stays where it was" : "not finished"}: ${error ?? "given up"}\n`;
}

function tellOrder(options: CommonOptions, host: string, order: Order): void {
  const view = viewOrder(host, order);
  print(options, view, () => `${host} is ${view.state} since ${view.since}, said on ${view.by}\n`);
}

function fleetCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--store <url>", `etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--config <file>", "what this host has; PLIMSOLL_HOST_CONFIG, else /etc/plimsoll/host.yaml")
    .option("--json", "print JSON");
}

export async function withFleetStore(
  options: CommonOptions,
  use: (orderer: Orderer) => Promise<void>,
): Promise<void> {
  if (!isSharedStore(options.store))
    throw new UsageError("--store: is of one host", {
      hint: "a fleet has one in etcd: --store etcd+http://HOST:PORT",
    });
  await withStore(options, (store, config) => use({ store, clock: systemClock, by: config.name }));
}
