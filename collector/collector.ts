import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { type Fleet, openFleet } from "./capacity/fleet.ts";
import { Catalog } from "./catalog.ts";
import { ClientRates } from "./client-rates.ts";
import { type Data, openData } from "./data.ts";
import type { Forwarding } from "./forwarding.ts";
import type { HistoryReader } from "./history/reader.ts";
import type { Route } from "./http/route.ts";
import { indexRoute } from "./http/router.ts";
import { type HttpServer, openHttpServer } from "./http/server.ts";
import { INGESTS } from "./ingests/index.ts";
import { Intake } from "./intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "./latest.ts";
import { type Lifecycle, openLifecycle } from "./lifecycle/lifecycle.ts";
import { openForwardings } from "./open-forwarding.ts";
import { openReader } from "./open-reader.ts";
import { openPeers, type Peers } from "./peers/peers.ts";
import { Recent } from "./recent/recent.ts";
import { Recollection } from "./recent/recollection.ts";
import { announceRoute } from "./routes/announce.ts";
import { capacityRoute } from "./routes/capacity.ts";
import { expositionRoute } from "./routes/exposition.ts";
import { federateRoute } from "./routes/federate.ts";
import { healthRoutes } from "./routes/health.ts";
import { heardRoute } from "./routes/heard.ts";
import { historyRoutes } from "./routes/history.ts";
import { ingestRoutes, type RequestCounts } from "./routes/ingest.ts";
import { machineRoutes } from "./routes/machines.ts";
import { overviewRoute } from "./routes/overview.ts";
import { pageRoutes } from "./routes/page.ts";
import { serviceDiscoveryRoute } from "./routes/service-discovery.ts";
import { statusRoute } from "./routes/status.ts";
import type { ServeOptions } from "./serve-options.ts";
import { type RememberingLog, rememberProblems } from "./status/last-problem.ts";
import { openStatus, type StatusReader } from "./status/status.ts";
import { createTelemetry } from "./telemetry.ts";
import { openTokenFile } from "./trust/token-file.ts";
import { Trust } from "./trust/trust.ts";

export interface Collector {
  /** Where it listens, as `host:port`. */
  readonly addresses: readonly string[];
  readonly adminAddresses: readonly string[];
  /** Reads the certificates again. */
  reload(): void;
  /** Finishes the requests under way, delivers what is queued, within a few seconds; then gives up. */
  close(): Promise<void>;
}

const REQUESTS_GRACE_MS = 2_000;
const FLUSH_GRACE_MS = 5_000;
const SWEEP_INTERVAL_MS = 60_000;

type TrustOptions = Pick<ServeOptions, "trust" | "tokenFile">;

export async function openCollector(
  options: Omit<ServeOptions, "logLevel">,
  clock: Clock,
  outerLog: Logger,
): Promise<Collector> {
  const { log, last: lastProblem } = rememberProblems(outerLog, clock);
  const trust = openTrust(options, clock, log);
  const latest = new LatestStore(
    { ...DEFAULT_LATEST_LIMITS, staleAfterMs: options.staleAfterMs },
    clock,
    log,
  );
  const catalog = new Catalog();
  const data = await openData({ ...options, isCounter: (name) => catalog.isCounter(name) }, clock, log);
  const reader = await openReader(options.historyFrom, data, catalog);
  const recent = new Recent();
  const stop = new AbortController();
  const recollecting = new Recollection({ ...data, reader, recent, clock, log }).run(stop.signal);
  const forwardings: Forwarding[] = [];
  const { docker, provisioner, businessLabel } = options;
  const lifecycle = openLifecycle({ ...data, docker, provisioner, clock, log });
  const { requested } = lifecycle;
  const fleet = openFleet({ ...data, reader, recent, businessLabel, requested, clock, log });
  const peers = openPeers(options.peers, { ...data, ...lifecycle, clock, log });
  const closeAll = async (graceMs: number): Promise<void> => {
    await Promise.all(forwardings.map((forwarding) => forwarding.close(graceMs)));
    stop.abort();
    await Promise.all([recollecting, peers.close()]);
    await lifecycle.close();
    await fleet.close();
    await reader?.close();
    await data.close();
  };
  const servers: HttpServer[] = [];
  let status: StatusReader | undefined;
  try {
    await openForwardings(options.forwards, { forwardings, data, clock, log });
    const routes = buildRoutes({
      ...{ latest, recent, catalog, data, reader, fleet, lifecycle, peers, forwardings, trust, clock, log },
      lastProblem,
      ...{ rates: new ClientRates(options.clientRate, clock), servers },
      // Who hands samples on and reads them from there does not keep them a second time.
      archive: options.historyFrom !== undefined && forwardings.length > 0 ? undefined : data.archive,
    });
    status = routes.status;
    servers.push(...(await openServers(options, routes, log)));
  } catch (error) {
    status?.close();
    await closeAll(0);
    throw error;
  }
  const sweeper = setInterval(() => latest.sweep(), SWEEP_INTERVAL_MS);
  return {
    addresses: servers[0]?.addresses ?? [],
    adminAddresses: servers[1]?.addresses ?? [],
    reload: () => {
      for (const server of servers) server.reload();
    },
    close: async () => {
      clearInterval(sweeper);
      status.close();
      await Promise.all(servers.map((server) => server.close(REQUESTS_GRACE_MS)));
      await closeAll(FLUSH_GRACE_MS);
    },
  };
}

/** One for everything, or one for pushing and one for the rest. */
async function openServers(
  { listen, adminListen, security }: Pick<ServeOptions, "listen" | "adminListen" | "security">,
  { push, rest, health }: Routes,
  log: Logger,
): Promise<readonly HttpServer[]> {
  const withIndex = (routes: readonly Route[]): readonly Route[] => [
    ...routes,
    ...pageRoutes(indexRoute(routes)),
  ];
  if (adminListen.length === 0)
    return [await openHttpServer(listen, withIndex([...push, ...rest, ...health]), log, security)];
  const admin = await openHttpServer(adminListen, withIndex([...rest, ...health]), log, security);
  try {
    return [await openHttpServer(listen, [...push, ...health], log, security), admin];
  } catch (error) {
    await admin.close(0);
    throw error;
  }
}

function openTrust({ trust, tokenFile }: TrustOptions, clock: Clock, log: Logger): Trust {
  return new Trust(trust, tokenFile === undefined ? undefined : openTokenFile(tokenFile, clock, log));
}

interface Parts {
  readonly latest: LatestStore;
  readonly catalog: Catalog;
  readonly data: Data;
  /** What pushes are written to. */
  readonly archive: Data["archive"];
  readonly recent: Recent;
  readonly reader: HistoryReader | undefined;
  readonly fleet: Fleet;
  readonly lifecycle: Lifecycle;
  readonly peers: Peers;
  readonly forwardings: readonly Forwarding[];
  readonly trust: Trust;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lastProblem: RememberingLog["last"];
  readonly rates: ClientRates;
  /** Those that are open by now. */
  readonly servers: readonly HttpServer[];
}

interface Routes {
  readonly push: readonly Route[];
  readonly rest: readonly Route[];
  /** For whoever balances load: wherever we listen. */
  readonly health: readonly Route[];
  /** To be closed. */
  readonly status: StatusReader;
}

function buildRoutes(parts: Parts): Routes {
  const { latest, recent, catalog, data, archive, lifecycle, forwardings, trust, reader, fleet, clock } =
    parts;
  const requests: RequestCounts = new Map();
  const intake = new Intake({ ...parts, ...data, archive });
  const telemetry = createTelemetry({ ...parts, requests, intake });
  const status = openStatus({ ...parts, requests, intake });
  const rest = [
    expositionRoute(latest, catalog, telemetry),
    federateRoute(latest, catalog),
    serviceDiscoveryRoute(latest, data.inventory, lifecycle.watch),
    ...machineRoutes(latest, data.inventory, lifecycle.watch),
    overviewRoute({ ...data, ...lifecycle, recent, clock }),
    announceRoute({ ...data, ...lifecycle, trust, nowMs: () => clock.nowMs() }),
    heardRoute({ ...data, ...lifecycle, clock }),
    ...historyRoutes({ ...data, reader, clock }),
    capacityRoute(fleet),
    statusRoute(status),
  ];
  return {
    push: ingestRoutes(INGESTS, { ...parts, intake, requests }),
    rest,
    health: healthRoutes(forwardings, clock),
    status,
  };
}
