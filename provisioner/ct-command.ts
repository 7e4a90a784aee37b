import type { Command } from "commander";
import { createCommand, exitWith, withExamples } from "../core/runtime/command-line.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { EXIT } from "../core/runtime/program.ts";
import {
  type CommonOptions,
  changeMachines,
  ctChangingCommand,
  ctSubCommand,
  lookAt,
} from "./ct/commands.ts";
import { ctEvents } from "./ct/events-command.ts";
import { ctExec, ctLogs } from "./ct/inside-commands.ts";
import { type ChangeRequest, CREATE_DEFAULTS } from "./ct/request.ts";
import { withStore } from "./ct/session.ts";
import { MACHINE_TITLES, type MachineView, machineRow } from "./ct/views.ts";
import { ctBatches, ctEndBatch } from "./fleet/batch-commands.ts";
import { readFleet } from "./fleet/hosts.ts";
import { planMove, renderMovePlan } from "./fleet/move-plan.ts";
import type { PlacementRules } from "./fleet/placement.ts";
import { splitLabel } from "./machines/documents.ts";
import { listMachines, readMachine } from "./machines/machines.ts";
import type { MachineText } from "./machines/parse-spec.ts";
import { MAX_MACHINES } from "./operations/journal.ts";
import { print } from "./print.ts";
import { renderTable } from "./table.ts";

/** `plimsoll ct`: containers with the life of a virtual machine. */
export function ctCommand(signal: AbortSignal): Command {
  const command = createCommand("ct", "containers with a permanent address and a disk of their own");
  const make = [
    ctCreate,
    ctList,
    ctShow,
    ...SIMPLE.map((simple) => (signal: AbortSignal) => ctSimple(simple, signal)),
    ctResize,
    ctRebuild,
    ctDestroy,
    ctExec,
    ctLogs,
    ctEvents,
    ctMovePlan,
    ctBatches,
    ctEndBatch,
  ];
  for (const each of make) command.addCommand(each(signal));
  return withExamples(command, [
    ["plimsoll ct create web --image debian:12 --net front --cpus 2 --memory 4G --disk 20G", "one machine"],
    [
      "plimsoll ct create web --count 10 --image debian:12 --net front --json",
      "web-1 to web-10, all or none",
    ],
    ["plimsoll ct rebuild web --image debian:13", "another system; address, data and name stay"],
  ]);
}

interface CreateOptions extends CommonOptions, Omit<MachineText, "name" | "command"> {
  readonly count: string;
  readonly partial?: true;
  readonly on?: string;
  readonly spread?: string;
  readonly hostLabel?: readonly string[];
}

function ctCreate(signal: AbortSignal): Command {
  const command = ctChangingCommand("create", "make machines, and see from inside that they are as promised")
    .argument("<name>", "small letters, digits and dashes; also the host name")
    .argument("[command...]", "what to run instead of the image's own command; after --, if it has options")
    .requiredOption("--image <image>", "an image with glibc and /bin/sh")
    .requiredOption("--net <network>", "the network its permanent address is from")
    .option("--cpus <number>", "its share of this host's CPUs", CREATE_DEFAULTS.cpus)
    .option("--memory <size>", "its memory; it has no swap", CREATE_DEFAULTS.memory)
    .option("--disk <size>", "its data disk, at /data inside", CREATE_DEFAULTS.disk)
    .option("--fs <name>", "the disk's file system: ext4, xfs or btrfs", CREATE_DEFAULTS.fs)
    .option("--ip <address>", "this address and no other")
    .option("--type <word>", "what it is, in lists and as a label of its series", CREATE_DEFAULTS.type)
    .option("--label <name=value...>", "labels of its series", [])
    .option("--attach <kind>", "its card: internal (a port of the switch) or veth", CREATE_DEFAULTS.attach)
    .option("--count <number>", `so many, ${MAX_MACHINES} at most, as NAME-1, NAME-2 …`, "1")
    .option("--partial", "keep those that could be made when others could not")
    .option("--on <host>", "on this host of the fleet; where there is room unless told")
    .option("--spread <label>", "evenly over the values of this label of hosts; host is each host for itself")
    .option("--host-label <name=value...>", "on hosts that have these labels")
    .action((name: string, words: readonly string[], options: CreateOptions) =>
      changeMachines(
        options,
        signal,
        { ...textOf(options), kind: "create", name, command: words, count: parseCount(options.count) },
        ({ machines }) =>
          print(options, machines, () => renderTable(MACHINE_TITLES, machines.map(machineRow))),
        rulesOf(options),
      ),
    );
  return withExamples(command, [
    [
      "plimsoll ct create web --image debian:12 --net front --cpus 2 --memory 4G --disk 20G --fs xfs",
      "one machine",
    ],
    [
      "plimsoll ct create db --image postgres:17 --net back --ip 10.0.1.7 --type db --label team=shop",
      "that address",
    ],
    ["plimsoll ct create web --count 10 --image debian:12 --net front --dry-run", "what would be done"],
    [
      "plimsoll ct create web --count 4 --image debian:12 --net front --spread rack --host-label disk=ssd",
      "as many in each rack, on hosts that have such disks",
    ],
  ]);
}

/** Nothing where none of its options is given. */
function rulesOf({ on, spread, hostLabel, partial }: CreateOptions): PlacementRules | undefined {
  if (on === undefined && spread === undefined && hostLabel === undefined) return undefined;
  const labels = (hostLabel ?? []).map(splitLabel);
  const wrong = labels.find(([name, value]) => name === "" || value === "");
  if (wrong !== undefined) throw new UsageError(`--host-label: ${wrong[0]} is not NAME=VALUE`);
  return { on, spread, hostLabels: Object.fromEntries(labels), partial: partial === true };
}

/** Without what is the command's own business. */
function textOf({
  store: _,
  config: __,
  json: ___,
  quiet: ____,
  dryRun: _____,
  on: ______,
  spread: _______,
  hostLabel: ________,
  ...text
}: CreateOptions): Omit<CreateOptions, keyof CommonOptions | "on" | "spread" | "hostLabel"> {
  return text;
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--count: ${JSON.stringify(text)} is not a number`);
}

function ctList(): Command {
  const command = ctSubCommand("list", "all machines, of all hosts").action((options: CommonOptions) =>
    withStore(options, async (store, config) => {
      const views = await lookAt(store, config, await listMachines(store));
      print(options, views, () => renderTable(MACHINE_TITLES, views.map(machineRow)));
    }),
  );
  return withExamples(command, [["plimsoll ct list --json", "as one JSON array"]]);
}

function ctShow(): Command {
  const command = ctSubCommand("show", "everything about one machine")
    .argument("<name>")
    .action((name: string, options: CommonOptions) =>
      withStore(options, async (store, config) => {
        const [view] = await lookAt(store, config, [await readMachine(store, name)]);
        if (view !== undefined) print(options, view, () => renderView(view));
      }),
    );
  return withExamples(command, [["plimsoll ct show web", "exit code 3 if there is none"]]);
}

function ctMovePlan(): Command {
  const command = ctSubCommand("move-plan", "what it would take to have a machine on another host")
    .argument("<name>")
    .requiredOption("--to <host>", "a host of the fleet")
    .action((name: string, { to, ...options }: CommonOptions & { readonly to: string }) =>
      withStore(options, async (store) => {
        const plan = planMove(await readFleet(store), name, to);
        print(options, plan, () => renderMovePlan(plan));
        if (plan.obstacles.length > 0) exitWith(EXIT.failed);
      }),
    );
  return withExamples(command, [
    ["plimsoll ct move-plan web --to h2", "steps, data and downtime; nothing is changed"],
  ]);
}

interface Simple {
  readonly kind: "start" | "stop" | "restart" | "repair";
  readonly does: string;
  readonly done: string;
  readonly example: string;
}

const SIMPLE: readonly Simple[] = [
  {
    kind: "start",
    does: "start machines, with whatever they stand on",
    done: "runs",
    example: "after a stop, or a reboot of the host",
  },
  {
    kind: "stop",
    does: "stop machines; address and card stay",
    done: "is stopped",
    example: "its processes have 10 s to end",
  },
  {
    kind: "restart",
    does: "stop machines and start them again",
    done: "runs again",
    example: "a fresh start of its own program",
  },
  {
    kind: "repair",
    does: "mend whatever is not as it should be",
    done: "is as it should be",
    example: "--dry-run shows what is wrong",
  },
];

function ctSimple({ kind, does, done, example }: Simple, signal: AbortSignal): Command {
  const command = ctChangingCommand(kind, does)
    .argument(
      kind === "repair" ? "[name...]" : "<name...>",
      kind === "repair" ? "all of this host unless told" : "",
    )
    .action((names: readonly string[], options: CommonOptions) =>
      change(options, signal, { kind, names }, (view) => `${view.name} ${done}\n`),
    );
  return withExamples(command, [[`plimsoll ct ${kind} web`, example]]);
}

interface ResizeOptions extends CommonOptions {
  readonly cpus?: string;
  readonly memory?: string;
  readonly disk?: string;
}

function ctResize(signal: AbortSignal): Command {
  const command = ctChangingCommand("resize", "give a machine more or less, while it runs")
    .argument("<name>")
    .option("--cpus <number>", "its share of this host's CPUs")
    .option("--memory <size>", "not less than it uses")
    .option("--disk <size>", "of its data disk; less only of a stopped machine, and not of XFS")
    .action((name: string, { cpus, memory, disk, ...options }: ResizeOptions) =>
      change(options, signal, { kind: "resize", names: [name], ...given({ cpus, memory, disk }) }, (view) =>
        renderTable(MACHINE_TITLES, [machineRow(view)]),
      ),
    );
  return withExamples(command, [
    ["plimsoll ct resize web --cpus 4 --memory 8G --disk 40G", "seen inside at once"],
  ]);
}

interface RebuildOptions extends CommonOptions {
  readonly image: string;
}

function ctRebuild(signal: AbortSignal): Command {
  const command = ctChangingCommand(
    "rebuild",
    "another image; the old one comes back when the new one does not work",
  )
    .argument("<name>")
    .argument("[command...]", "what to run from now on, as it was unless told; after --, if it has options")
    .requiredOption("--image <image>", "an image with glibc and /bin/sh")
    .action((name: string, words: readonly string[], { image, ...options }: RebuildOptions) =>
      change(
        options,
        signal,
        { kind: "rebuild", names: [name], image, ...(words.length > 0 ? { command: words } : {}) },
        (view) => `${view.name} runs ${view.image}, generation ${view.generation}\n`,
      ),
    );
  return withExamples(command, [
    ["plimsoll ct rebuild web --image debian:13", "address, MAC, data, name and history stay"],
  ]);
}

function ctDestroy(signal: AbortSignal): Command {
  const command = ctChangingCommand("destroy", "remove machines: data wiped, addresses into quarantine")
    .argument("<name...>")
    .action((names: readonly string[], options: CommonOptions) =>
      changeMachines(options, signal, { kind: "destroy", names }, ({ done }) =>
        print(options, { destroyed: done }, () => done.map((name) => `${name} is gone\n`).join("")),
      ),
    );
  return withExamples(command, [["plimsoll ct destroy web-1 web-2", "there is no way back"]]);
}

/** One operation for all the machines of the request, each for itself. */
function change(
  options: CommonOptions,
  signal: AbortSignal,
  request: ChangeRequest,
  render: (view: MachineView) => string,
): Promise<void> {
  return changeMachines(options, signal, request, ({ machines }) =>
    print(options, machines, () =>
      machines.length === 0 ? "nothing to do\n" : machines.map(render).join(""),
    ),
  );
}

/** Without those that are undefined. */
function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function renderView(view: MachineView): string {
  const shown = Object.entries(view).map(([name, value]) => {
    const text =
      typeof value === "object" && value !== null
        ? Object.entries(value)
            .map(([key, each]) => `${key}=${each}`)
            .join(" ")
        : String(value ?? "");
    return `${`${name}:`.padEnd(16)}${text === "" ? "-" : text}\n`;
  });
  return shown.join("");
}
