import fc from "fast-check";
import { expect } from "vitest";
import { auditPool, type Pool, readPool } from "../../provisioner/addresses/audit.ts";
import { isHeld } from "../../provisioner/addresses/choose.ts";
import { reserveAddresses } from "../../provisioner/addresses/reserve.ts";
import {
  bindAddress,
  clearConflict,
  releaseAddress,
  reportConflict,
} from "../../provisioner/addresses/transitions.ts";
import type { AddressRow, Lease } from "../../provisioner/addresses/types.ts";
import { renderIpv4 } from "../../provisioner/networks/ipv4.ts";
import type { Network } from "../../provisioner/networks/network.ts";
import type { Store } from "../../provisioner/store/types.ts";
import { ownerOf, type SetClock } from "./networks.ts";

/** Where the process ends in the next transaction, if it does: nothing was written, or all of it. */
export type Crash = "none" | "before" | "after";

class Killed extends Error {}

/** A store whose user is killed when it is told to. */
export class MortalStore implements Store {
  readonly name: string;
  readonly isShared: boolean;
  readonly get: Store["get"];
  readonly list: Store["list"];
  readonly changes: Store["changes"];
  readonly #store: Store;
  crash: Crash = "none";

  constructor(store: Store) {
    this.#store = store;
    this.name = store.name;
    this.isShared = store.isShared;
    this.get = (key) => store.get(key);
    this.list = (prefix) => store.list(prefix);
    this.changes = (prefix, since, signal) => store.changes(prefix, since, signal);
  }

  async transact(transaction: Parameters<Store["transact"]>[0]): Promise<number | undefined> {
    const { crash } = this;
    this.crash = "none";
    if (crash === "before") throw new Killed();
    const revision = await this.#store.transact(transaction);
    if (crash === "after") throw new Killed();
    return revision;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

export interface System {
  readonly store: MortalStore;
  readonly clock: SetClock;
  readonly network: Network;
}

/** What must be true, as the rules have it: the rows, and every lease that was ever handed out. */
export interface Model {
  rows: ReadonlyMap<number, AddressRow>;
  readonly leases: Lease[];
}

type Command = fc.AsyncCommand<Model, System>;

const OWNERS = 3;

function heldBy(model: Model, owner: string): AddressRow | undefined {
  return [...model.rows.values()].find((row) => isHeld(row) && row.owner === owner);
}

/** Runs what may be killed; what it returned, unless it was. */
async function run<T>(system: System, crash: Crash, body: () => Promise<T>): Promise<T | undefined> {
  system.store.crash = crash;
  try {
    return await body();
  } catch (error) {
    if (error instanceof Killed) return undefined;
    throw error;
  } finally {
    system.store.crash = "none";
  }
}

/** The pool as it is now: in itself without contradiction, and different from the model only as `mayChange` says. */
async function observe(
  model: Model,
  { store, network }: System,
  mayChange: (before: AddressRow | undefined, after: AddressRow) => void,
): Promise<Pool> {
  const pool = await readPool(store, network.name);
  expect(auditPool(network, pool)).toEqual([]);
  const rows = new Map(pool.rows.map((row) => [row.address, row]));
  for (const address of model.rows.keys()) expect(rows.has(address)).toBe(true);
  for (const row of pool.rows) {
    const before = model.rows.get(row.address);
    if (JSON.stringify(before) !== JSON.stringify(row)) mayChange(before, row);
  }
  model.rows = rows;
  return pool;
}

class Reserve implements Command {
  readonly owners: readonly number[];
  readonly crash: Crash;

  constructor(owners: readonly number[], crash: Crash) {
    this.owners = owners;
    this.crash = crash;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, system: System): Promise<void> {
    const { clock, network } = system;
    const owners = this.owners.map(ownerOf);
    const before = new Map(owners.map((owner) => [owner, heldBy(model, owner)]));
    const leases = await run(system, this.crash, () =>
      reserveAddresses(
        system.store,
        clock,
        network.name,
        owners.map((owner) => ({ owner })),
      ),
    ).catch((error) => {
      expect(error).toMatchObject({ code: "NO_ADDRESS" });
      return [];
    });
    let written = 0;
    await observe(model, system, (old, row) => {
      written++;
      expect(before.get(row.owner)).toBeUndefined();
      expect(row).toMatchObject({
        state: "reserved",
        generation: (old?.generation ?? 0) + 1,
        sinceMs: clock.now,
      });
      if (old === undefined) return;
      expect(old.state).toBe("quarantine"); // I2
      expect(clock.now - old.sinceMs).toBeGreaterThanOrEqual(network.quarantineSeconds * 1000); // I3
    });
    const missing = owners.filter((owner) => before.get(owner) === undefined).length;
    expect([0, missing]).toContain(written); // I6
    for (const lease of leases ?? []) {
      const row = heldBy(model, lease.owner);
      expect(
        row && { address: renderIpv4(row.address), generation: row.generation, state: row.state },
      ).toEqual({
        address: lease.address,
        generation: lease.generation,
        state: lease.state,
      });
      model.leases.push(lease);
    }
  }

  toString(): string {
    return `reserve(${this.owners}; crash ${this.crash})`;
  }
}

/** Something done with a lease of any age: it takes effect while its owner and generation hold the address, else never. */
class Use implements Command {
  readonly action: "bind" | "release" | "report";
  readonly pick: number;
  readonly crash: Crash;

  constructor(action: Use["action"], pick: number, crash: Crash) {
    this.action = action;
    this.pick = pick;
    this.crash = crash;
  }

  check({ leases }: Readonly<Model>): boolean {
    return leases.length > 0;
  }

  async run(model: Model, system: System): Promise<void> {
    const { store, clock } = system;
    const lease = model.leases[this.pick % model.leases.length];
    if (lease === undefined) return;
    const held = heldBy(model, lease.owner);
    const isHolder = held?.generation === lease.generation && renderIpv4(held.address) === lease.address;
    const act = {
      bind: () => bindAddress(store, clock, lease).then(() => true),
      release: () => releaseAddress(store, clock, lease),
      report: () => reportConflict(store, clock, lease, "a stranger").then(() => true),
    };
    const isDone = await run(system, this.crash, act[this.action]).catch((error) => {
      expect(error).toMatchObject({ code: "ADDRESS_STALE" });
      return false;
    });
    await observe(model, system, (before, after) => {
      expect(isHolder).toBe(true);
      const state = ({ bind: "bound", release: "quarantine", report: "conflict" } as const)[this.action];
      expect(after).toEqual({
        ...before,
        state,
        sinceMs: clock.now,
        detail: this.action === "report" ? "a stranger" : undefined,
      });
    });
    if (isDone === true && this.action === "bind") expect(heldBy(model, lease.owner)?.state).toBe("bound");
    if (this.action === "release" && this.crash === "none") {
      expect(isDone).toBe(isHolder);
      expect(heldBy(model, lease.owner)?.generation === lease.generation && isHolder).toBe(false);
    }
  }

  toString(): string {
    return `${this.action}(${this.pick}; crash ${this.crash})`;
  }
}

class Clear implements Command {
  check({ rows }: Readonly<Model>): boolean {
    return [...rows.values()].some(({ state }) => state === "conflict");
  }

  async run(model: Model, system: System): Promise<void> {
    const row = [...model.rows.values()].find(({ state }) => state === "conflict");
    if (row === undefined) return;
    await clearConflict(system.store, system.clock, system.network.name, row.address);
    await observe(model, system, (before, after) => {
      expect(before?.address).toBe(row.address);
      expect(after).toMatchObject({ state: "quarantine", sinceMs: system.clock.now });
    });
  }

  toString(): string {
    return "clear";
  }
}

class Tick implements Command {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, system: System): Promise<void> {
    system.clock.now += this.ms;
    await observe(model, system, () => expect.unreachable("time alone changes nothing"));
  }

  toString(): string {
    return `tick(${this.ms})`;
  }
}

const crash = fc.constantFrom<Crash>("none", "none", "before", "after");

/** Allocate, bind, release, conflict, crash, clock: in any order, the clock in both directions. */
export const commands: fc.Arbitrary<Iterable<Command>> = fc.commands<Model, System, false>(
  [
    fc
      .tuple(fc.uniqueArray(fc.integer({ min: 1, max: OWNERS }), { minLength: 1, maxLength: 3 }), crash)
      .map((parts) => new Reserve(...parts)),
    fc
      .tuple(fc.constantFrom("bind" as const, "release" as const, "report" as const), fc.nat(50), crash)
      .map((parts) => new Use(...parts)),
    fc.constant(new Clear()),
    fc.integer({ min: -20_000, max: 200_000 }).map((ms) => new Tick(ms)),
  ],
  { maxCommands: 60, size: "max" },
);
