import { backoffMs } from "../../core/runtime/backoff.ts";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { LATE, withPatience } from "../../core/runtime/patience.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { tellSystemdReady } from "../../core/runtime/systemd.ts";
import { apiRoutes } from "../api/routes/index.ts";
import { openApiServer } from "../api/server.ts";
import { HostOperator } from "../ct/operator.ts";
import { type SessionOptions, withStore } from "../ct/session.ts";
import { announceAgain } from "../fleet/announce-again.ts";
import { Member } from "../fleet/member.ts";
import type { HostConfig } from "../host/config.ts";
import { type Host, withHost } from "../host/host.ts";
import { takeHostLock } from "../host/lock.ts";
import { followOrders } from "../images/warm/follow.ts";
import { keepWarm } from "../images/warm/schedule.ts";
import { listMachines } from "../machines/machines.ts";
import { forgetRequests } from "../operations/requests.ts";
import { Turns } from "../operations/turns.ts";
import { followEngine, followSwitch } from "../reconcile/causes.ts";
import { keeperOf } from "../reconcile/keeper.ts";
import { Orphans } from "../reconcile/orphans.ts";
import { Reconciler } from "../reconcile/reconciler.ts";
import { Surveyor } from "../reconcile/survey.ts";
import { sweepOrphans } from "../reconcile/sweep.ts";
import type { Store } from "../store/types.ts";
import { Desk } from "./desk.ts";
import { Reminder } from "./reminder.ts";
import { untilAnswered } from "./until-answered.ts";

export interface ServeOptions extends SessionOptions {
  /** How often everything is looked at without cause. */
  readonly intervalMs: number;
  /** How long something of ours that belongs to no machine is left alone. */
  readonly orphanRestMs: number;
  /** How long what is under way may take to end after `signal`. */
  readonly stopWithinMs: number;
}

const RETRY = { firstMs: 500, longestMs: 10_000 } as const;
const REQUESTS_KEPT_MS = 86_400_000;

/**
 * The daemon of one host: takes its lock for as long as it runs. After `signal` it ends what is under way, as far
 * as that ends in time; killed, it leaves that to the next.
 */
export async function serve(options: ServeOptions, signal: AbortSignal): Promise<void> {
  const log = openLogger("plimsoll", "info");
  const run = async (store: Store, config: HostConfig): Promise<void> => {
    await untilAnswered(store, systemClock, log, signal);
    if (signal.aborted) return;
    const onWait = (owner: string): void =>
      log.info({ host: config.name, owner }, "waiting: another plimsoll changes this host");
    const patienceMs = Number.POSITIVE_INFINITY;
    const release = await takeHostLock(config, { clock: systemClock, signal, onWait, patienceMs });
    try {
      await withHostPatiently(config, store, log, signal, (host) => serveHost(host, options, log, signal));
    } finally {
      release();
    }
  };
  // It may be there before the first network is.
  await endInTime(withStore(options, run, "make"), options.stopWithinMs, log, signal);
  log.info({ reason: signal.reason }, "stopped");
}

/**
 * An engine, a switch or a disk that hangs keeps nobody for ever who wants an end: what is in the journal is gone on
 * with by the next, as after a kill.
 */
async function endInTime(
  running: Promise<void>,
  ms: number,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const told = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
  await Promise.race([running, told]);
  if ((await withPatience(running, ms)) !== LATE) return;
  log.warn({ seconds: ms / 1000 }, "what is under way has not ended: it is left to the next start");
  process.exit(EXIT.failed);
}

/** After a boot the switch may come later than we do. */
async function withHostPatiently(
  config: HostConfig,
  store: Store,
  log: Logger,
  signal: AbortSignal,
  use: (host: Host) => Promise<void>,
): Promise<void> {
  let isOpen = false;
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await withHost(config, store, log, (host) => {
        isOpen = true;
        return use(host);
      });
    } catch (error) {
      if (isOpen || !(error instanceof PlimsollError)) throw error;
      if (failures === 1) log.warn({ problem: errorLine(error) }, "this host's drivers do not open yet");
      await systemClock.sleep(backoffMs(RETRY, failures, undefined, Math.random()), signal);
    }
  }
}

async function serveHost(
  host: Host,
  { intervalMs, orphanRestMs }: ServeOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const operator = new HostOperator(host, log);
  const turns = new Turns();
  const desk = new Desk(operator, turns, log);
  const orphans = new Orphans(orphanRestMs);
  const reconciler = new Reconciler({ keeper: keeperOf(operator), turns, clock: host.clock, log, signal });
  const parts = { host, desk, orphans: () => orphans.lines };
  const routes = apiRoutes({ ...parts, plan: (request) => operator.plan(request) });
  const member = new Member(
    operator,
    {
      submit: (request, id) => desk.submit(request, id),
      cancel: (id) => desk.cancel(id),
      plan: (request) => operator.plan(request),
      announce: (names) => announceAgain(host, names),
    },
    log,
  );
  // Before anything else: what runs here, and by now is another host's, would answer for its address.
  const mayBegin = await member.enter();
  const api = await openApiServer(host.config.socket, routes, log);
  try {
    await reconciler.recall();
    const look = async (): Promise<void> => {
      if (!(await member.enter())) return;
      await desk.resume();
      await forgetRequests(host.store, host.config.name, host.clock.nowMs() - REQUESTS_KEPT_MS);
      const machines = await listMachines(host.store);
      await reminder.remind(machines);
      const survey = await surveyor.survey(machines);
      await sweepOrphans(host, orphans, survey.orphans, operator.events);
      await reconciler.compare(survey.prints);
      await host.volumes.tend();
    };
    const surveyor = new Surveyor(host);
    const reminder = new Reminder(host, log);
    // What was interrupted has its machines' turn before anything else.
    if (mayBegin) await desk.resume();
    log.info({ host: host.config.name, socket: host.config.socket }, "ready");
    await tellSystemdReady(log);
    await Promise.all([
      followEngine(host, reconciler, log, signal),
      followSwitch(host, reconciler, log, signal),
      member.run(() => reconciler.pokeAll(), signal),
      lookAgainAndAgain(host.clock, look, intervalMs, log, signal),
      followOrders(host, log, signal),
      keepWarm(host, log, signal),
    ]);
  } finally {
    await api.close();
    await member.settle();
    await desk.settle();
    await reconciler.settle();
  }
}

/** Never two at once, and not all hosts of a store in the same moment. */
async function lookAgainAndAgain(
  clock: Clock,
  look: () => Promise<void>,
  intervalMs: number,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let isWell = true;
  while (!signal.aborted) {
    await clock.sleep(intervalMs * (0.9 + Math.random() / 5), signal);
    if (signal.aborted) return;
    try {
      await look();
      isWell = true;
    } catch (error) {
      if (isWell) log.warn({ problem: errorLine(error) }, "this host could not be looked at");
      isWell = false;
    }
  }
}
