import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../core/runtime/clock.ts";
import { exec } from "../../core/runtime/exec.ts";
import { auditPool, findLeaks, readPool } from "../../provisioner/addresses/audit.ts";
import { isHeld } from "../../provisioner/addresses/choose.ts";
import { renderIpv4 } from "../../provisioner/networks/ipv4.ts";
import { createNetwork, readNetwork } from "../../provisioner/networks/networks.ts";
import { openStore } from "../../provisioner/store/open.ts";
import { Cleanup } from "../support/cleanup.ts";
import { startEtcd } from "../support/etcd.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { ownerOf, specOf } from "../support/networks.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const ALLOCATORS = 50;
const OWNERS_EACH = 2;
const KILLS = 60;
const HAMMERED_MS = 20_000;
const NETWORK = "hammer";

const SCRIPT = fileURLToPath(new URL("../support/address-allocator.mjs", import.meta.url));

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What one process had written by the time it ended: see address-allocator.mjs. */
interface Line {
  readonly step: "reserved" | "bound" | "releasing" | "released";
  readonly owner: string;
  readonly address: string;
  readonly generation: number;
}

/** One allocator through all its lives, its lines in the order they were written. */
class Allocator {
  readonly owners: readonly string[];
  readonly #start: () => RunningProgram;
  readonly #lives: RunningProgram[] = [];

  constructor(number: number, storeUrl: string, until: number) {
    this.owners = Array.from({ length: OWNERS_EACH }, (_, i) => ownerOf(number * OWNERS_EACH + i));
    const argv = [process.execPath, SCRIPT, storeUrl, NETWORK, String(until), ...this.owners];
    this.#start = () => startProgram(cleanup, argv);
    this.#lives.push(this.#start());
  }

  /** Whether its present life has come to work: one that is killed before proves little. */
  get isAtWork(): boolean {
    return (this.#lives.at(-1)?.stdout.length ?? 0) > 0;
  }

  async killAndRestart(): Promise<void> {
    await this.#lives.at(-1)?.stop("SIGKILL");
    this.#lives.push(this.#start());
  }

  /** Waits for the last life's own end. */
  async finish(): Promise<readonly Line[]> {
    const last = this.#lives.at(-1);
    expect(await last?.ended, last?.stderr.join("\n")).toBe(0);
    return this.#lives.flatMap(({ stdout }) =>
      stdout.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line)),
    );
  }
}

/** Between being given an address and giving it up an owner has that one, whatever was killed in between. */
function expectPermanent(lines: readonly Line[]): void {
  const held = new Map<string, string>();
  for (const { step, owner, address, generation } of lines) {
    const lease = `${address} generation ${generation}`;
    const before = held.get(owner);
    if (before !== undefined && step !== "released") expect(`${owner}: ${lease}`).toBe(`${owner}: ${before}`);
    // Killed while releasing: it may hold it still, or not any more.
    if (step === "releasing" || step === "released") held.delete(owner);
    else held.set(owner, lease);
  }
}

/** One time of one address being reserved is one owner's. */
function expectNeverShared(lines: readonly Line[]): void {
  const owners = new Map<string, string>();
  for (const { address, generation, owner } of lines) {
    const lease = `${address} generation ${generation}`;
    expect(`${lease}: ${owners.get(lease) ?? owner}`).toBe(`${lease}: ${owner}`);
    owners.set(lease, owner);
  }
}

function pick<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)];
}

async function hammer(storeUrl: string, halfway: () => Promise<void>): Promise<void> {
  const store = await openStore(storeUrl);
  cleanup.add("store", () => store.close());
  // 109 addresses for 100 owners, no rest in between: they meet all the time.
  const spec = specOf({
    name: NETWORK,
    cidr: "10.9.0.0/25",
    exclude: ["10.9.0.1-10.9.0.17"],
    quarantineSeconds: 0,
  });
  await createNetwork(store, systemClock, spec);
  const until = Date.now() + HAMMERED_MS;
  const allocators = Array.from(
    { length: ALLOCATORS },
    (_, number) => new Allocator(number, storeUrl, until),
  );
  for (let kill = 0; kill < KILLS; kill++) {
    await systemClock.sleep(HAMMERED_MS / KILLS / 2);
    const victim = await waitFor("an allocator at work", () =>
      pick(allocators.filter((each) => each.isAtWork)),
    );
    await victim.killAndRestart();
    if (kill === KILLS / 2) await halfway();
  }
  const histories = await Promise.all(allocators.map((each) => each.finish()));
  for (const lines of histories) expectPermanent(lines);
  expectNeverShared(histories.flat());

  const { network } = await readNetwork(store, NETWORK);
  const pool = await readPool(store, NETWORK);
  const owners = new Set(allocators.flatMap((each) => each.owners));
  expect(auditPool(network, pool)).toEqual([]);
  expect(findLeaks(pool, owners)).toEqual([]);
  const held = new Map(pool.rows.filter(isHeld).map((row) => [row.owner, renderIpv4(row.address)]));
  expect(new Set(held.keys())).toEqual(owners);
  for (const lines of histories) {
    for (const { owner, address } of lines.slice(-OWNERS_EACH)) expect(held.get(owner)).toBe(address);
  }
  expect(histories.flat().length).toBeGreaterThan(ALLOCATORS * OWNERS_EACH * 4);
  await expectShown(storeUrl);
}

/** The operator sees the same. */
async function expectShown(storeUrl: string): Promise<void> {
  const net = async (...args: string[]) =>
    JSON.parse(
      (await exec([...programArgv("plimsoll", "net", ...args, "--store", storeUrl, "--json")])).stdout,
    );
  const show = await net("show", NETWORK);
  const addresses: readonly { state: string; owner: string }[] = await net("addresses", NETWORK);

  expect(show.problems).toEqual([]);
  expect(show.addresses).toMatchObject({ total: 109, bound: ALLOCATORS * OWNERS_EACH, reserved: 0 });
  expect(addresses.filter(({ state }) => state === "bound")).toHaveLength(ALLOCATORS * OWNERS_EACH);
}

test("plimsoll net ends with the code that a script needs", async () => {
  const state = join(cleanup.temporaryFolder(), "state.db");
  const net = async (...args: string[]): Promise<number> => {
    const argv = programArgv("plimsoll", "net", ...args);
    return (await exec(argv, { env: { PLIMSOLL_STORE: state }, okCodes: [0, 1, 2, 3] })).code;
  };

  expect(await net("create", "web", "--vlan", "100", "--cidr", "10.0.0.0/24")).toBe(0);
  expect(await net("create", "web", "--vlan", "100", "--cidr", "10.0.0.0/24")).toBe(0);
  expect(await net("create", "web", "--vlan", "101", "--cidr", "10.0.0.0/24")).toBe(1);
  expect(await net("create", "b", "--vlan", "0", "--cidr", "10.0.0.0/24")).toBe(2);
  expect(await net("rm", "web")).toBe(0);
  expect(await net("rm", "web")).toBe(3);
});

describe("fifty allocators at once, killed at random", () => {
  test("in one SQLite file", async () => {
    await hammer(join(cleanup.temporaryFolder(), "state.db"), async () => {});
  });

  describeIf(hasCommand("etcd"))("in an etcd", () => {
    test("that is killed as well", async () => {
      const etcd = await startEtcd(cleanup);
      await hammer(etcd.storeUrl("hammer"), async () => {
        await etcd.program.stop("SIGKILL");
        await etcd.restart();
      });
    });
  });
});
