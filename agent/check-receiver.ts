import type { Delivery } from "../core/metrics/delivery.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Finding } from "../core/runtime/finding.ts";
import type { Destination } from "./sinks/index.ts";
import type { ProtocolSink } from "./sinks/types.ts";

/** More than this and receivers drop samples, or alert rules look into the past. */
const NOTABLE_SKEW_MS = 10_000;
const BAD_SKEW_MS = 120_000;

/** Pushes nothing to a destination, to see whether it would be taken, and compares clocks. */
export async function checkReceiver(
  destination: Destination,
  intervalMs: number,
  nowMs: () => number = Date.now,
): Promise<readonly Finding[]> {
  const { protocol, url, settings } = destination;
  const sink = (await protocol.load())(url, settings, intervalMs);
  const signal = AbortSignal.timeout(settings.timeoutMs);
  const encoded = sink.encode({ identity: {}, series: [] });
  // Some protocols have no words for nothing, and some always say something.
  const finding =
    encoded?.samples === 0
      ? judge(sink.name, await sink.deliver(encoded.body, signal))
      : await connects(sink.name, addressOf(destination), settings.timeoutMs);
  return finding.state === "wrong" ? [finding] : [finding, ...(await compareClocks(sink, signal, nowMs))];
}

function judge(name: string, delivery: Delivery): Finding {
  if (delivery.outcome === "delivered") return { state: "ok", what: `${name} takes pushes` };
  const { blame, outcome, reason } = delivery;
  // It read the request, and may well mind that there is nothing in it.
  if (blame === "samples") return { state: "ok", what: `${name} answers: ${reason}` };
  const hint = outcome === "refused" ? GIVEN_UP : "samples wait in the spool meanwhile";
  return { state: "wrong", what: `${name}: ${reason}`, hint };
}

const GIVEN_UP =
  "samples are given up at this answer, none waits; retryStatuses of the destination names those to wait at";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Of what the sink connects to: only HTTP goes through a proxy. */
function addressOf({ protocol, url, settings }: Destination): Address {
  const ownPort = TCP_PORTS[protocol.name];
  const to = ownPort === undefined ? (settings.proxy ?? url) : url;
  const port = Number(to.port) || (ownPort ?? HTTP_PORTS[to.protocol] ?? 0);
  return { host: to.hostname.replace(/^\[|\]$/g, ""), port };
}

const HTTP_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
/** By protocol, as its sink has it. */
const TCP_PORTS: Readonly<Record<string, number>> = { graphite: 2003, zabbix: 10_051 };

async function connects(name: string, { host, port }: Address, timeoutMs: number): Promise<Finding> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    const fail = (why: string): void =>
      settle({ state: "wrong", what: `${name}: ${why}`, hint: "samples wait in the spool meanwhile" });
    socket.on("connect", () => settle({ state: "ok", what: `${name} can be connected to` }));
    socket.on("timeout", () => fail(`no connection within ${timeoutMs} ms`));
    socket.on("error", (error) => fail(errorLine(error)));
  });
}

async function compareClocks(
  { name, receiverNowMs }: ProtocolSink,
  signal: AbortSignal,
  nowMs: () => number,
): Promise<readonly Finding[]> {
  const theirsMs = await receiverNowMs?.(signal);
  if (theirsMs === undefined) return [];
  const aheadMs = nowMs() - theirsMs;
  const size = Math.abs(aheadMs);
  const what = `our clock is ${Math.round(size / 1000)} s ${aheadMs < 0 ? "behind" : "ahead of"} that of ${name}`;
  if (size < NOTABLE_SKEW_MS) return [{ state: "ok", what: `our clock agrees with that of ${name}` }];
  return [{ state: size < BAD_SKEW_MS ? "note" : "wrong", what, hint: "is the clock disciplined (NTP)?" }];
}
