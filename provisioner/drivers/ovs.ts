import { bug, errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { type Ovsdb, openOvsdb, type TransactOptions } from "../ovsdb/client.ts";
import { commitToSwitch } from "../ovsdb/commit.ts";
import type { Operation } from "../ovsdb/operations.ts";
import { type BondSpec, type BondState, parseBondState, planBond } from "./ovs-bonds.ts";
import { addBridge, type BridgeSpec, findBridgeProblem, removeBridge } from "./ovs-bridges.ts";
import {
  addPort,
  type PortSpec,
  type PortState,
  parsePortState,
  planPorts,
  removePort,
  setTag,
  updatePort,
} from "./ovs-ports.ts";
import { type Datapath, type OvsBridge, type OvsPort, parseBridges, SWITCH_TABLES } from "./ovs-tables.ts";

export interface OvsOptions {
  /** Of the database, `unix:/path` or `tcp:address:port`. */
  readonly remote: string;
  readonly log: Logger;
  /** Every change fails with `not owner` unless this database lock is held. */
  readonly lock?: string;
  /** How long ovs-vswitchd may take for a change, apart from a little more for each port. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Removing a port takes the userspace datapath some 20 ms. */
const MS_PER_PORT = 100;
/** Codes of failures after which a change may be in the database; what was refused is not. */
const UNCERTAIN = ["OVS_NOT_APPLIED", "OVSDB_TIMEOUT", "OVSDB_LOST"];

/** Opens the driver of the Open vSwitch at `remote`. */
export async function openOvs(options: OvsOptions): Promise<Ovs> {
  const { remote, log } = options;
  return new Ovs(await openOvsdb({ remote, log, database: "Open_vSwitch", monitor: SWITCH_TABLES }), options);
}

/** The datapath that this host can have: the kernel's where its module answers, otherwise the userspace one. */
export async function detectDatapath(run: Exec = exec): Promise<Datapath> {
  const { code } = await run(["ovs-dpctl", "dump-dps"], { okCodes: [0, 1] });
  return code === 0 ? "system" : "netdev";
}

/** Bridges, bonds and ports of one Open vSwitch. Each `ensure` may be repeated; what is there is left alone. */
export class Ovs {
  /** For locks, and to hear of changes. */
  readonly db: Ovsdb;
  readonly #options: OvsOptions;

  constructor(db: Ovsdb, options: OvsOptions) {
    this.db = db;
    this.#options = options;
  }

  bridges(): readonly OvsBridge[] {
    return parseBridges(this.db.tables);
  }

  /** Throws unless it is there. */
  requireBridge(name: string): void {
    if (this.#findBridge(name) !== undefined) return;
    throw new PlimsollError("OVS_BRIDGE", `bridge ${name}: is not there`, {
      hint: "plimsoll host init makes it",
    });
  }

  async ensureBridge(spec: BridgeSpec): Promise<void> {
    const found = this.#findBridge(spec.name);
    if (found === undefined) await this.#commit(addBridge(spec));
    const problem = findBridgeProblem(this.#findBridge(spec.name), spec);
    if (problem === undefined) return;
    const message = `bridge ${spec.name}: ${problem}`;
    if (found === undefined) await this.removeBridge(spec.name);
    throw new PlimsollError("OVS_BRIDGE", message);
  }

  /** With all its ports. One that is not there is fine. */
  async removeBridge(name: string): Promise<void> {
    const bridge = this.#findBridge(name);
    if (bridge !== undefined) await this.#commit([removeBridge(bridge)], bridge.ports.length);
  }

  /** Members that do not work are told in the state: a NIC may come later. */
  async ensureBond(spec: BondSpec): Promise<BondState> {
    this.requireBridge(spec.bridge);
    const operations = planBond(this.#ports().get(spec.name), spec);
    if (operations.length > 0) await this.#commit(operations);
    return this.bondState(spec.name);
  }

  /** Its NICs are plain ones again. One that is not there is fine. */
  async removeBond(name: string): Promise<void> {
    const port = this.#ports().get(name);
    if (port !== undefined) await this.#commit([removePort(port)]);
  }

  bondState(name: string): BondState {
    return parseBondState(requirePort(this.#ports(), name));
  }

  /** As `ensurePorts`, and throws when the port does not work. */
  async ensurePort(spec: PortSpec): Promise<PortState> {
    const [state] = await this.ensurePorts([spec]);
    if (state?.problem !== undefined) {
      throw new PlimsollError("OVS_PORT", `port ${spec.name}: ${state.problem}`);
    }
    return state ?? bug(`port ${spec.name} has no state`);
  }

  /**
   * Makes the ports be there, in one transaction, and returns the state of each, in order. One that
   * this call added and that does not work is taken away again; its state says why.
   */
  async ensurePorts(specs: readonly PortSpec[]): Promise<readonly PortState[]> {
    for (const bridge of new Set(specs.map((spec) => spec.bridge))) this.requireBridge(bridge);
    const { remove, add, update } = planPorts([...this.#ports().values()], specs);
    // Removed and added again in one transaction, a port would look unchanged to ovs-vswitchd.
    if (remove.length > 0) await this.#commit(remove.map(removePort), remove.length);
    const changes = [
      ...update.map(({ port, wanted }) => updatePort(port, wanted)),
      ...add.flatMap((spec, index) => addPort(spec, String(index))),
    ];
    try {
      if (changes.length > 0) await this.#commit(changes, add.length);
    } catch (error) {
      if (UNCERTAIN.includes(errnoOf(error) ?? "")) await this.#withdraw(add);
      throw error;
    }
    const ports = this.#ports();
    const states = specs.map(({ name }) => requireState(ports, name));
    const added = new Set(add.map(({ name }) => name));
    const broken = states.filter(({ name, problem }) => problem !== undefined && added.has(name));
    await this.removePorts(broken.map(({ name }) => name));
    return states;
  }

  /** A new device for a port whose old one is dead or in a namespace that cannot be reached. */
  async recreatePorts(specs: readonly PortSpec[]): Promise<readonly PortState[]> {
    await this.removePorts(specs.map(({ name }) => name));
    return this.ensurePorts(specs);
  }

  /** Moves a port to another VLAN while it works. */
  async setTag(name: string, vlan: number): Promise<void> {
    const ports = this.#ports();
    requireState(ports, name);
    await this.#commit([setTag(requirePort(ports, name), vlan)]);
  }

  /** Those that are not there are fine; throws for a port that is not ours. */
  async removePorts(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#catchUp();
    const ports = this.#ports();
    const present = names.flatMap((name) => ports.get(name) ?? []);
    for (const { name } of present) requireState(ports, name);
    if (present.length > 0) await this.#commit(present.map(removePort), present.length);
  }

  /** Every port that carries an id of ours. */
  listOurPorts(): readonly PortState[] {
    return [...this.#ports().values()].flatMap((port) => parsePortState(port) ?? []);
  }

  /** A port of ours, undefined when it is not there. */
  portState(name: string): PortState | undefined {
    const port = this.#ports().get(name);
    return port === undefined ? undefined : parsePortState(port);
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  /**
   * Ports of a change that nobody saw through: ovs-vswitchd shall not make them when it comes back. Where the
   * database does not answer either, whoever takes the change back removes them.
   */
  async #withdraw(specs: readonly PortSpec[]): Promise<void> {
    try {
      await this.#catchUp();
      const ports = this.#ports();
      const operations = specs.flatMap(({ name }) => ports.get(name) ?? []).map(removePort);
      if (operations.length > 0) await this.db.transact(operations, this.#transactOptions());
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
    }
  }

  /** The database answers in order: what it did for us after we had given up waiting is seen from here on. */
  async #catchUp(): Promise<void> {
    const select: Operation = { op: "select", table: "Open_vSwitch", where: [], columns: ["next_cfg"] };
    await this.db.transact([select], this.#transactOptions());
  }

  async #commit(operations: readonly Operation[], ports = 0): Promise<void> {
    await commitToSwitch(this.db, operations, this.#transactOptions(ports * MS_PER_PORT));
  }

  #transactOptions(longerMs = 0): TransactOptions {
    const { lock, timeoutMs = TIMEOUT_MS } = this.#options;
    return { timeoutMs: timeoutMs + longerMs, ...(lock === undefined ? {} : { lock }) };
  }

  /** By name: it is unique in all of a switch. */
  #ports(): Ports {
    return new Map(this.bridges().flatMap(({ ports }) => ports.map((port) => [port.name, port])));
  }

  #findBridge(name: string): OvsBridge | undefined {
    return this.bridges().find((bridge) => bridge.name === name);
  }
}

type Ports = ReadonlyMap<string, OvsPort>;

function requirePort(ports: Ports, name: string): OvsPort {
  const port = ports.get(name);
  if (port !== undefined) return port;
  throw new PlimsollError("OVS_PORT", `port ${name}: is not there`);
}

function requireState(ports: Ports, name: string): PortState {
  const state = parsePortState(requirePort(ports, name));
  if (state !== undefined) return state;
  throw new PlimsollError("OVS_PORT_TAKEN", `port ${name}: is not ours`);
}
