import { offsetMs } from "../../agent/schedule.ts";

/** What a collector costs, measured by `npm run bench -- collector`: what follows is right when these are. */
export interface Costs {
  /** CPU time of one push of 150 series: taken, made durable, handed on to one sink. */
  readonly pushMs: number;
  /** Memory without agents, of each agent that pushes, and of each that another collector tells of. */
  readonly baseMiB: number;
  readonly agentKiB: number;
  readonly toldKiB: number;
  /** Of a sample while it waits for a sink of remote write 1.0, and as it is sent. */
  readonly queuedBytes: number;
  readonly sentBytes: number;
}

/** One core of a quiet machine, 5,000 agents. */
export const MEASURED: Costs = {
  ...{ pushMs: 1.65, baseMiB: 90, agentKiB: 50, toldKiB: 1 },
  ...{ queuedBytes: 40, sentBytes: 25 },
};

/** What the collector has to bear that bears most. */
export interface Load {
  readonly agents: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly waitP99Ms: number;
  readonly memoryMiB: number;
  /** What waits for a sink that is away for an hour. */
  readonly hourGiB: number;
}

const [SERIES, INTERVAL_MS] = [150, 10_000];
/** Of a server with weight 100 on HAProxy's ring. */
const PLACES = 1600;

/** Agents as a balancer divides them by their addresses; `isOneAway`: without the collector that has most. */
export function loadOf(
  agents: number,
  collectors: number,
  isOneAway: boolean,
  costs: Costs = MEASURED,
): Load {
  const addresses = Array.from({ length: agents }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const servers = Array.from({ length: collectors }, (_, i) => i);
  const shares = divide(addresses, servers);
  const busiest = shares.indexOf(largestOf(shares));
  const share = isOneAway
    ? largestOf(
        divide(
          addresses,
          servers.filter((server) => server !== busiest),
        ),
      )
    : largestOf(shares);
  const offsets = share.map((ip) => offsetMs(ip, INTERVAL_MS));
  const told = agents - share.length;
  return {
    agents: share.length,
    cpuPercent: (share.length / INTERVAL_MS) * costs.pushMs * 100,
    waitP99Ms: waitP99Ms(offsets, costs.pushMs),
    memoryMiB: costs.baseMiB + (share.length * costs.agentKiB + told * costs.toldKiB) / 1024,
    hourGiB: ((share.length * 360 * SERIES) / 2 ** 30) * costs.queuedBytes,
  };
}

/** Pushes of a fleet in the emptiest and in the fullest tenth of a second of the interval. */
export function spreadOf(agents: number): readonly [least: number, most: number] {
  const tenths = new Uint32Array(INTERVAL_MS / 100);
  for (let i = 0; i < agents; i++) {
    const tenth = Math.floor(offsetMs(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, INTERVAL_MS) / 100);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  return [Math.min(...tenths), Math.max(...tenths)];
}

/** What all collectors send to one sink. */
export function sentMbitPerSecond(agents: number, { sentBytes }: Costs = MEASURED): number {
  return (agents * SERIES * sentBytes * 8) / (INTERVAL_MS / 1000) / 1e6;
}

/** An address belongs to the first place at or after its hash, as with `hash-type consistent`. */
function divide(addresses: readonly string[], servers: readonly number[]): readonly (readonly string[])[] {
  const ring = servers
    .flatMap((server) =>
      Array.from({ length: PLACES }, (_, place) => [hash(`${server} ${place}`), server] as const),
    )
    .sort(([a], [b]) => a - b);
  const shares = servers.map((): string[] => []);
  for (const ip of addresses) shares[servers.indexOf(ownerOf(ring, hash(ip)))]?.push(ip);
  return shares;
}

function ownerOf(ring: readonly (readonly [number, number])[], at: number): number {
  let [low, high] = [0, ring.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ring[middle]?.[0] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return ring[low % ring.length]?.[1] ?? 0;
}

function largestOf(shares: readonly (readonly string[])[]): readonly string[] {
  return shares.reduce((most, share) => (share.length > most.length ? share : most));
}

/** How long pushes wait for those before them, on one core, in the second of two intervals. */
function waitP99Ms(offsets: readonly number[], pushMs: number): number {
  const sorted = [...offsets].sort((a, b) => a - b);
  const arrivals = [...sorted, ...sorted.map((offset) => offset + INTERVAL_MS)];
  let freeMs = 0;
  const waits = arrivals.map((atMs) => {
    const waitMs = Math.max(0, freeMs - atMs);
    freeMs = atMs + waitMs + pushMs;
    return waitMs;
  });
  return waits.slice(sorted.length).sort((a, b) => a - b)[Math.floor(sorted.length * 0.99)] ?? 0;
}

/** FNV-1a, its bits spread over all 32. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  return Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35) >>> 0;
}

/** The table of docs/collector-scale-out.md. */
export function renderScale(): string {
  const rows = [
    [5_000, 2],
    [20_000, 6],
    [50_000, 10],
    [50_000, 12],
    [50_000, 16],
  ].flatMap(([agents = 0, collectors = 0]) =>
    [false, true].map((isOneAway) => {
      const load = loadOf(agents, collectors, isOneAway);
      const cells = [
        isOneAway ? "" : agents.toLocaleString("en"),
        isOneAway ? `${collectors}, one away` : String(collectors),
        load.agents.toLocaleString("en"),
        `${load.cpuPercent.toFixed(0)} %`,
        `${load.waitP99Ms.toFixed(0)} ms`,
        `${load.memoryMiB.toFixed(0)} MiB`,
        `${load.hourGiB.toFixed(1)} GiB`,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  );
  const titles =
    "| agents | collectors | at the busiest one | CPU, of one core | wait, p99 | memory | queue of an hour |";
  const [least, most] = spreadOf(50_000);
  return `${titles}
|---|---|---|---|---|---|---|
${rows.join("\n")}

50,000 agents are 5,000 pushes and 750,000 samples a second, ${sentMbitPerSecond(50_000).toFixed(0)} Mbit/s to each sink, and 50,000 connections.
Each pushes at a moment of its own that follows from its address: between ${least} and ${most} of them in any tenth of a second.
`;
}
