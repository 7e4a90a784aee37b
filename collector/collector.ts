import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { openSpool } from "../core/runtime/spool.ts";
import { Catalog } from "./catalog.ts";
import type { Forward } from "./forward-url.ts";
import { Forwarder } from "./forwarder.ts";
import type { Route } from "./http/route.ts";
import { indexRoute } from "./http/router.ts";
import { type HttpServer, openHttpServer } from "./http/server.ts";
import { INGESTS } from "./ingests/index.ts";
import { type Forwarding, Intake } from "./intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "./latest.ts";
import { expositionRoute } from "./routes/exposition.ts";
import { healthRoutes } from "./routes/health.ts";
import { ingestRoute, type RequestCounts } from "./routes/ingest.ts";
import { machineRoutes } from "./routes/machines.ts";
import type { ServeOptions } from "./serve-options.ts";
import { createTelemetry } from "./telemetry.ts";
import { openTokenFile } from "./trust/token-file.ts";
import { Trust } from "./trust/trust.ts";

export interface Collector {
  /** Where it listens, as `host:port`. */
  readonly addresses: readonly string[];
  /** Finishes the requests under way, delivers what is queued, within a few seconds; then gives up. */
  close(): Promise<void>;
}

const REQUESTS_GRACE_MS = 2_000;
const FLUSH_GRACE_MS = 5_000;
const SWEEP_INTERVAL_MS = 60_000;
/** Of each sink: a minute of 5,000 agents, or an hour of eighty. */
const SPOOL_BYTES = 64 * 1024 * 1024;
const DELIVERY_BYTES = 1024 * 1024;
/** Receivers do not take samples that are much older; see Prometheus' `out of bounds`. */
const MAX_AGE_MS = 3_600_000;

type TrustOptions = Pick<ServeOptions, "trust" | "tokenFile">;

export async function openCollector(
  options: Omit<ServeOptions, "logLevel">,
  clock: Clock,
  log: Logger,
): Promise<Collector> {
  const trust = openTrust(options, clock, log);
  const latest = new LatestStore({ ...DEFAULT_LATEST_LIMITS, staleAfterMs: options.staleAfterMs }, clock);
  const forwardings = await Promise.all(
    options.forwards.map((forward) => openForwarding(forward, clock, log)),
  );
  const closeForwarders = async (graceMs: number): Promise<void> => {
    await Promise.all(forwardings.map(({ forwarder }) => forwarder.close(graceMs)));
  };
  let server: HttpServer;
  try {
    server = await openHttpServer(options.listen, buildRoutes(latest, forwardings, trust, clock), log);
  } catch (error) {
    await closeForwarders(0);
    throw error;
  }
  const sweeper = setInterval(() => latest.sweep(), SWEEP_INTERVAL_MS);
  return {
    addresses: server.addresses,
    close: async () => {
      clearInterval(sweeper);
      await server.close(REQUESTS_GRACE_MS);
      await closeForwarders(FLUSH_GRACE_MS);
    },
  };
}

async function openForwarding({ kind, url, name }: Forward, clock: Clock, log: Logger): Promise<Forwarding> {
  const forwarder = new Forwarder({
    sink: await kind.open(name, url),
    spool: await openSpool({
      maxBytes: SPOOL_BYTES,
      maxHeldBytes: 0,
      maxAgeMs: MAX_AGE_MS,
      sync: "each",
      clock,
      log,
    }),
    maxSpoolBytes: SPOOL_BYTES,
    clock,
    log,
    maxDeliveryBytes: DELIVERY_BYTES,
  });
  return { kind, forwarder };
}

function openTrust({ trust, tokenFile }: TrustOptions, clock: Clock, log: Logger): Trust {
  return new Trust(trust, tokenFile === undefined ? undefined : openTokenFile(tokenFile, clock, log));
}

function buildRoutes(
  latest: LatestStore,
  forwardings: readonly Forwarding[],
  trust: Trust,
  clock: Clock,
): readonly Route[] {
  const requests: RequestCounts = new Map();
  const catalog = new Catalog();
  const intake = new Intake({ latest, catalog, forwardings, trust, clock });
  const forwarders = forwardings.map(({ forwarder }) => forwarder);
  const telemetry = createTelemetry({ requests, intake, trust, latest, forwarders });
  const routes = [
    ...INGESTS.map((ingest) => ingestRoute(ingest, intake, requests)),
    expositionRoute(latest, catalog, telemetry),
    ...machineRoutes(latest),
    ...healthRoutes(forwarders, clock),
  ];
  return [...routes, indexRoute(routes)];
}
