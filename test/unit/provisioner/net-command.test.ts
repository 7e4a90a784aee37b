import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../core/runtime/clock.ts";
import { NotFoundError, PlimsollError, UsageError } from "../../../core/runtime/errors.ts";
import { reserveAddresses } from "../../../provisioner/addresses/reserve.ts";
import { reportConflict } from "../../../provisioner/addresses/transitions.ts";
import { netCommand } from "../../../provisioner/net-command.ts";
import { openStore } from "../../../provisioner/store/open.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { ownerOf } from "../../support/networks.ts";
import { runCommand } from "../../support/run-command.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let store: string;
beforeEach(() => {
  store = join(cleanup.temporaryFolder(), "state.db");
});

/** What `plimsoll net …` prints. */
async function net(...args: readonly string[]): Promise<string> {
  return (await runCommand(netCommand(), [...args, "--store", store])).text;
}

async function json(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await net(...args, "--json"));
}

const CREATE = ["create", "web", "--vlan", "100", "--cidr", "10.0.0.0/24", "--gateway", "10.0.0.1"];

/** Reserves 10.0.0.7 for owner 1, and reports a conflict of it. */
async function reserveAndConflict(): Promise<void> {
  const open = await openStore(store);
  const claim = { owner: ownerOf(1), address: 0x0a_00_00_07 };
  const [lease] = await reserveAddresses(open, systemClock, "web", [claim]);
  if (lease !== undefined) await reportConflict(open, systemClock, lease, "52:54:00:12:34:56");
  await open.close();
}

test("created, created again, listed, shown, removed", async () => {
  expect(await net(...CREATE, "--dns", "10.0.0.2", "--exclude", "10.0.0.2-10.0.0.9")).toBe(
    "network web created\n",
  );
  expect(await net(...CREATE, "--dns", "10.0.0.2", "--exclude", "10.0.0.2-10.0.0.9")).toBe(
    "network web is there already\n",
  );
  expect(await net("list")).toBe(
    "NAME  VLAN  CIDR         GATEWAY   STATE\nweb   100   10.0.0.0/24  10.0.0.1  active\n",
  );
  const shown = await net("show", "web");
  expect(shown.split("\n")).toEqual(
    expect.arrayContaining([
      "name:               web",
      "exclude:            10.0.0.2-10.0.0.9",
      "addresses:          245 total, 245 free, 0 reserved, 0 bound, 0 quarantine, 0 conflict",
      "problems:           -",
    ]),
  );
  expect(await net("rm", "web")).toBe("network web removed\n");
  expect(await json("list")).toEqual([]);
});

test("the same as JSON", async () => {
  const web = { name: "web", vlan: 100, cidr: "10.0.0.0/24", gateway: "10.0.0.1", state: "active" };

  expect(await json(...CREATE)).toMatchObject({ ...web, quarantineSeconds: 600, exclude: [], dns: [] });
  expect(await json("list")).toMatchObject([web]);
  expect(await json("show", "web")).toMatchObject({
    ...web,
    addresses: { total: 253, free: 253 },
    problems: [],
  });
  expect(await json("addresses", "web")).toEqual([]);
  expect(await json("rm", "web")).toEqual({ removed: "web" });
});

test("who holds which address, and a conflict that is cleared", async () => {
  await net(...CREATE);
  await reserveAndConflict();

  expect(await net("addresses", "web")).toMatch(
    new RegExp(
      `\\n10\\.0\\.0\\.7 +conflict +${ownerOf(1)} +1 +\\S+Z +02:64:0a:00:00:07 +52:54:00:12:34:56\\n$`,
    ),
  );
  expect(await net("clear", "web", "10.0.0.7")).toBe("address 10.0.0.7 rests now\n");
  expect(await json("addresses", "web")).toMatchObject([{ state: "quarantine", until: expect.any(String) }]);
  await expect(net("rm", "web")).rejects.toThrow("in quarantine");
  await net("rm", "web", "--skip-quarantine");
});

test.for([
  [["show", "db"], NotFoundError, "network db: not found"],
  [["addresses", "db"], NotFoundError, "network db: not found"],
  [["rm", "db"], NotFoundError, "network db: not found"],
  [["clear", "web", "10.0.0.8"], NotFoundError, "not in conflict"],
  [["clear", "web", "10.0.0.08"], UsageError, "ADDRESS"],
  [["create", "b", "--vlan", "5000", "--cidr", "10.1.0.0/24"], UsageError, "--vlan"],
  [["create", "b", "--vlan", "5", "--cidr", "10.1.0.0/24", "--quarantine", "1"], UsageError, "--quarantine"],
  [["create", "web", "--vlan", "101", "--cidr", "10.0.0.0/24"], PlimsollError, "vlan 100 (wanted 101)"],
] as const)("%j is refused", async ([args, kind, message]) => {
  await net(...CREATE);

  await expect(net(...args)).rejects.toThrow(kind);
  await expect(net(...args)).rejects.toThrow(message);
});

test("only what makes a network makes a store", async () => {
  await expect(net("list")).rejects.toThrow(`store ${store}: is not there`);
  await expect(net("create", "b", "--vlan", "5000", "--cidr", "10.1.0.0/24")).rejects.toThrow(UsageError);
  await expect(net("show", "web")).rejects.toThrow(NotFoundError);
  expect(existsSync(store)).toBe(false);
});

test("every sub-command has an example", () => {
  for (const command of netCommand().commands) {
    const written: string[] = [];
    command.configureOutput({ writeOut: (text) => void written.push(text) }).outputHelp();
    const help = written.join("");
    expect(help).toContain(`Examples:\n  $ plimsoll net ${command.name()}`);
  }
});
