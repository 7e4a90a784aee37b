import type { Command } from "commander";
import { systemClock } from "../core/runtime/clock.ts";
import { createCommand, withExamples } from "../core/runtime/command-line.ts";
import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { readPool } from "./addresses/audit.ts";
import { clearConflict } from "./addresses/transitions.ts";
import { type NetworkView, viewAddress, viewNetwork, viewPool } from "./addresses/views.ts";
import { parseIpv4 } from "./networks/ipv4.ts";
import { createNetwork, listNetworks, readNetwork } from "./networks/networks.ts";
import { DEFAULT_QUARANTINE_SECONDS, parseSpec } from "./networks/parse-spec.ts";
import { removeNetwork } from "./networks/remove.ts";
import { print } from "./print.ts";
import { DEFAULT_STORE, withStore } from "./store/open.ts";
import type { Store } from "./store/types.ts";
import { renderTable } from "./table.ts";

/** `plimsoll net`: networks, and who holds which of their addresses. */
export function netCommand(): Command {
  const command = createCommand("net", "networks, and the permanent addresses in them");
  const make = [netCreate, netList, netShow, netAddresses, netClear, netRemove];
  for (const each of make) command.addCommand(each());
  return withExamples(command, [
    ["plimsoll net create web --vlan 100 --cidr 10.0.0.0/24 --gateway 10.0.0.1", "a network on VLAN 100"],
    ["plimsoll net addresses web", "who holds which of its addresses, since when"],
    ["plimsoll net list --store etcd+http://10.0.0.1:2379", "the networks of many hosts"],
  ]);
}

interface CommonOptions {
  readonly store?: string;
  readonly json?: true;
}

interface CreateOptions extends CommonOptions {
  readonly vlan: string;
  readonly cidr: string;
  readonly gateway?: string;
  readonly dns?: readonly string[];
  readonly exclude?: readonly string[];
  readonly quarantine: string;
}

function netCreate(): Command {
  const command = netSubCommand("create", "make a network; one that is there just so is left as it is")
    .argument("<name>", "small letters, digits and dashes")
    .requiredOption("--vlan <number>", "its VLAN, 1 to 4094")
    .requiredOption("--cidr <network>", "its addresses, e.g. 10.0.0.0/24")
    .option("--gateway <address>", "the containers' route out; without one they have none")
    .option("--dns <address...>", "name servers for its containers")
    .option("--exclude <range...>", "never to be handed out: an address, FIRST-LAST or a CIDR")
    .option(
      "--quarantine <time>",
      "how long an address rests between two owners",
      `${DEFAULT_QUARANTINE_SECONDS}s`,
    )
    .action(async (name: string, options: CreateOptions) => {
      const quarantineSeconds = parseDuration("--quarantine", options.quarantine) / 1000;
      const spec = parseSpec({ ...options, name, quarantineSeconds });
      await withStore(options.store, async (store) => {
        const isNew = await createNetwork(store, systemClock, spec);
        const { network } = await readNetwork(store, name);
        print(
          options,
          viewNetwork(network),
          () => `network ${name} ${isNew ? "created" : "is there already"}\n`,
        );
      });
    });
  return withExamples(command, [
    [
      "plimsoll net create web --vlan 100 --cidr 10.0.0.0/24 --gateway 10.0.0.1",
      "253 addresses, and a route out",
    ],
    [
      "plimsoll net create db --vlan 101 --cidr 10.0.1.0/24 --exclude 10.0.1.1-10.0.1.20 10.0.1.64/28",
      "no way out, and room for what stands there already",
    ],
  ]);
}

function netList(): Command {
  const titles = ["NAME", "VLAN", "CIDR", "GATEWAY", "STATE"];
  const row = ({ name, vlan, cidr, gateway, state }: NetworkView): string[] => [
    name,
    String(vlan),
    cidr,
    gateway ?? "-",
    state,
  ];
  const command = netSubCommand("list", "all networks").action((options: CommonOptions) =>
    lookInto(options, async (store) => {
      const views = (await listNetworks(store)).map(viewNetwork);
      print(options, views, () => renderTable(titles, views.map(row)));
    }),
  );
  return withExamples(command, [["plimsoll net list --json", "as one JSON array"]]);
}

function netShow(): Command {
  const command = netSubCommand("show", "one network, how full it is, and whether its addresses add up")
    .argument("<name>")
    .action((name: string, options: CommonOptions) =>
      lookInto(options, async (store) => {
        const { network } = await readNetwork(store, name);
        const view = viewPool(network, await readPool(store, name), systemClock.nowMs());
        print(options, view, () => renderFields({ ...view, addresses: countLine(view.addresses) }));
      }),
    );
  return withExamples(command, [
    ["plimsoll net show web --json", "addresses by state, and problems: none is []"],
  ]);
}

function netAddresses(): Command {
  const titles = ["ADDRESS", "STATE", "OWNER", "GENERATION", "SINCE", "MAC", "NOTE"];
  const command = netSubCommand(
    "addresses",
    "every address that has ever been used: its state, its owner, since when",
  )
    .argument("<name>")
    .action((name: string, options: CommonOptions) =>
      lookInto(options, async (store) => {
        const { network } = await readNetwork(store, name);
        const { rows } = await readPool(store, name);
        const views = rows.map((row) => viewAddress(network, row, systemClock.nowMs()));
        const cells = views.map((view) => [
          ...[view.address, view.state, view.owner, String(view.generation), view.since, view.mac],
          view.until === null ? (view.detail ?? "") : `free at ${view.until}`,
        ]);
        print(options, views, () => renderTable(titles, cells));
      }),
    );
  return withExamples(command, [["plimsoll net addresses web", "in the order of the addresses"]]);
}

function netClear(): Command {
  const command = netSubCommand(
    "clear",
    "take back an address that a stranger had answered to; it rests first",
  )
    .argument("<name>")
    .argument("<address>")
    .action((name: string, text: string, options: CommonOptions) =>
      lookInto(options, async (store) => {
        const address = parseIpv4(text);
        if (address === undefined)
          throw new UsageError(`ADDRESS: ${JSON.stringify(text)} is not an IPv4 address`);
        await clearConflict(store, systemClock, name, address);
        print(options, { network: name, cleared: text }, () => `address ${text} rests now\n`);
      }),
    );
  return withExamples(command, [["plimsoll net clear web 10.0.0.7", "the stranger is gone"]]);
}

interface RemoveOptions extends CommonOptions {
  readonly skipQuarantine?: true;
}

function netRemove(): Command {
  const command = netSubCommand("rm", "remove a network none of whose addresses is held")
    .argument("<name>")
    .option(
      "--skip-quarantine",
      "even while addresses rest: what is made in its place may use them too early",
    )
    .action((name: string, options: RemoveOptions) =>
      lookInto(options, async (store) => {
        await removeNetwork(store, systemClock, name, options);
        print(options, { removed: name }, () => `network ${name} removed\n`);
      }),
    );
  return withExamples(command, [["plimsoll net rm web", "exit code 3 if there is none"]]);
}

function netSubCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--store <url>", `a path, or etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--json", "print JSON");
}

/** In a store that is there: only a network's making begins one. */
function lookInto(options: CommonOptions, use: (store: Store) => Promise<void>): Promise<void> {
  return withStore(options.store, use, "refuse");
}

function countLine(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}

function renderFields(fields: object): string {
  const shown = Object.entries(fields).map(([name, value]) => {
    const text = [value ?? []].flat().join("\n");
    return [`${name}:`, text === "" ? "-" : text.replaceAll("\n", `\n${" ".repeat(20)}`)] as const;
  });
  return shown.map(([name, text]) => `${name.padEnd(20)}${text}\n`).join("");
}
