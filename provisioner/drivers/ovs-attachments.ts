import { PlimsollError } from "../../core/runtime/errors.ts";
import { cookieOf, type Flows, flowCount } from "./flows.ts";
import { inTurns } from "./in-turns.ts";
import type { Links, NamespacePath, Placement, Whereabouts } from "./links.ts";
import type { LinkState } from "./links-state.ts";
import type { Ovs } from "./ovs.ts";
import type { PortSpec, PortState } from "./ovs-ports.ts";

/** A container's network card: a port of the switch, its device in the container's namespace, its flows. */
export interface Attachment {
  readonly port: PortSpec;
  readonly namespace: NamespacePath;
  /** The device's name inside, `eth0`. The kernel datapath loses an internal port whose device is not called as the port. */
  readonly inside: string;
  /** Another name that it answers to there. */
  readonly alias?: string | undefined;
  /** The IPv4 addresses that may come out of it, without prefix length. */
  readonly addresses: readonly string[];
}

export interface AttachmentState {
  readonly port: PortState | undefined;
  /** Undefined as well when the namespace is gone. */
  readonly link: LinkState | undefined;
  /** Why traffic does not flow; empty when it should. */
  readonly problems: readonly string[];
}

/** Commands that run side by side. */
const AT_ONCE = 4;

/**
 * Cards of either kind, plugged and unplugged. Plugging mends whatever is missing or broken, and may
 * be repeated at any time. The device comes up as it is: an address can be probed before it is set.
 */
export class Attachments {
  readonly #ovs: Ovs;
  readonly #links: Links;
  readonly #flows: Flows;

  constructor(ovs: Ovs, links: Links, flows: Flows) {
    this.#ovs = ovs;
    this.#links = links;
    this.#flows = flows;
  }

  /**
   * Ports in one transaction, then their flows, and only then the devices, which are looked for while the flows
   * are set. Throws for the first that fails.
   */
  async plug(cards: readonly Attachment[]): Promise<readonly PortState[]> {
    const specs = cards.map(({ port }) => port);
    await this.#ensurePairs(cards.filter(isVeth));
    const states = requireWorking(await this.#ovs.ensurePorts(specs));
    const found = await this.#findWhileGuarding(cards, states);
    const dead = found.filter(isDead).map(({ placement }) => placement.name);
    const alive = dead.length === 0 ? states : await this.#replaceDead(cards, dead);
    await this.#links.place(found.map((each) => (isDead(each) ? { ...each, isHome: true } : each)));
    await inTurns(cards, AT_ONCE, (card) => this.#raise(card));
    return alive;
  }

  /**
   * Takes cards out, before their namespaces end: a tap that dies with its namespace has the
   * userspace datapath spin, while its database shows a healthy port.
   */
  async unplug(cards: readonly Attachment[]): Promise<void> {
    const bridges = new Set(this.#ovs.bridges().map(({ name }) => name));
    for (const [bridge, group] of groupByBridge(cards)) {
      // A bridge that is gone took its flows along.
      if (!bridges.has(bridge)) continue;
      const ids = group.map(({ port }) => port.owner.id);
      await this.#flows.remove(bridge, ids);
    }
    await this.#ovs.removePorts(cards.map(({ port }) => port.name));
    await this.#links.remove(cards.filter(isVeth).map(({ port }) => port.name));
  }

  /** How many flows each container's cookie has on a bridge; see `cookieOf`. */
  countFlows(bridge: string): Promise<ReadonlyMap<string, number>> {
    return this.#flows.count(bridge);
  }

  async observe(cards: readonly Attachment[]): Promise<readonly AttachmentState[]> {
    const flows = new Map<string, number>();
    for (const bridge of groupByBridge(cards).keys()) {
      for (const [cookie, count] of await this.#flows.count(bridge)) flows.set(cookie, count);
    }
    return inTurns(cards, AT_ONCE, async (card) => {
      const port = this.#ovs.portState(card.port.name);
      // The namespace may be gone, which is what is asked.
      const link = await this.#links.find(card.namespace, card.inside).catch(() => undefined);
      return { port, link, problems: findProblems(card, port, link, flows) };
    });
  }

  /** A port over an older pair of the same name is taken away: ovs-vswitchd may not have seen that pair go. */
  async #ensurePairs(cards: readonly Attachment[]): Promise<void> {
    const made = await this.#links.ensurePairs(await this.#links.survey(cards.map(placementOf)));
    await this.#ovs.removePorts(made.map(({ name }) => name));
  }

  async #findWhileGuarding(
    cards: readonly Attachment[],
    states: readonly PortState[],
  ): Promise<readonly Whereabouts[]> {
    let found: readonly Whereabouts[] = [];
    const find = async (): Promise<void> => {
      found = await this.#links.survey(cards.filter((card) => !isVeth(card)).map(placementOf));
    };
    await inTurns([find, () => this.#guard(cards, states)], 2, (each) => each());
    return found;
  }

  /** A device that is nowhere died with the namespace it was in: the port gets another, at home, of another number. */
  async #replaceDead(cards: readonly Attachment[], names: readonly string[]): Promise<readonly PortState[]> {
    const specs = cards.map(({ port }) => port);
    await this.#ovs.recreatePorts(specs.filter(({ name }) => names.includes(name)));
    const states = requireWorking(await this.#ovs.ensurePorts(specs));
    await this.#guard(cards, states);
    return states;
  }

  async #guard(cards: readonly Attachment[], states: readonly PortState[]): Promise<void> {
    const ofports = new Map(states.map(({ name, ofport }) => [name, ofport]));
    for (const [bridge, group] of groupByBridge(cards)) {
      const wanted = group.map(({ port, addresses }) => ({
        id: port.owner.id,
        ofport: ofports.get(port.name) ?? -1,
        mac: port.mac,
        addresses,
      }));
      await this.#flows.ensure(bridge, wanted);
    }
  }

  async #raise({ port, namespace, inside }: Attachment): Promise<void> {
    if (port.kind === "veth" && this.#isUserspace(port.bridge)) {
      await this.#links.disableChecksumOffload(namespace, inside);
    }
    await this.#links.raise(namespace, inside);
  }

  #isUserspace(bridge: string): boolean {
    return this.#ovs.bridges().some(({ name, datapath }) => name === bridge && datapath === "netdev");
  }
}

function isDead({ isHome, isInside }: Whereabouts): boolean {
  return !isHome && !isInside;
}

function isVeth({ port }: Attachment): boolean {
  return port.kind === "veth";
}

function placementOf({ port, namespace, inside, alias }: Attachment): Placement {
  return { name: port.name, mac: port.mac, namespace, inside, alias };
}

function requireWorking(states: readonly PortState[]): readonly PortState[] {
  for (const { name, problem } of states) {
    if (problem !== undefined) throw new PlimsollError("OVS_PORT", `port ${name}: ${problem}`);
  }
  return states;
}

/** What is seen of a card that is not as it should be, in the order of its way from the switch inwards. */
function findProblems(
  { port: wanted, namespace, inside, addresses }: Attachment,
  port: PortState | undefined,
  link: LinkState | undefined,
  flows: ReadonlyMap<string, number>,
): readonly string[] {
  const problems: string[] = [];
  if (port === undefined) problems.push(`no port ${wanted.name}`);
  if (port?.problem !== undefined) problems.push(`port ${wanted.name}: ${port.problem}`);
  if (port !== undefined && port.vlan !== wanted.vlan) {
    problems.push(`port ${wanted.name}: VLAN ${port.vlan}, not ${wanted.vlan}`);
  }
  if (flows.get(cookieOf(wanted.owner.id)) !== flowCount(addresses.length)) {
    problems.push(`port ${wanted.name}: anti-spoofing flows are missing`);
  }
  if (link === undefined) problems.push(`no device ${inside} in ${namespace}`);
  // After a restart of ovs-vswitchd the device is there and nobody at its other end.
  if (link?.hasCarrier === false) problems.push(`device ${inside} in ${namespace}: no carrier`);
  return problems;
}

function groupByBridge(cards: readonly Attachment[]): ReadonlyMap<string, readonly Attachment[]> {
  const groups = new Map<string, Attachment[]>();
  for (const card of cards) {
    const group = groups.get(card.port.bridge);
    if (group === undefined) groups.set(card.port.bridge, [card]);
    else group.push(card);
  }
  return groups;
}
