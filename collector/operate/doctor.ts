import { systemClock } from "../../core/runtime/clock.ts";
import { errorLine, NotFoundError, UsageError } from "../../core/runtime/errors.ts";
import type { Finding } from "../../core/runtime/finding.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { ServeOptions } from "../serve-options.ts";
import type { CollectorStatus } from "../status/status.ts";
import { adminUrl, askStatus } from "./ask-status.ts";
import { checkData } from "./check-data.ts";
import { checkFiles } from "./check-files.ts";
import { checkListening, checkOthers, checkSinks } from "./check-network.ts";

const SILENT: Logger = { error: none, warn: none, info: none, debug: none, trace: none };

/** Looks at everything that `serve` needs with these options, and at the collector that runs with them. */
export async function diagnose(read: () => Promise<ServeOptions>): Promise<readonly Finding[]> {
  let options: ServeOptions;
  try {
    options = await read();
  } catch (error) {
    return [{ state: "wrong", what: errorLine(error) }];
  }
  const checks = [
    checkRunning(options),
    Promise.resolve(checkData(options)),
    Promise.resolve(checkFiles(options, systemClock.nowMs())),
    checkSinks(options.forwards, () => systemClock.nowMs()),
    checkOthers(options),
  ];
  return [{ state: "ok", what: "configuration" }, ...(await Promise.all(checks)).flat()];
}

async function checkRunning(options: ServeOptions): Promise<readonly Finding[]> {
  try {
    return judgeStatus(await askStatus(adminUrl(options)));
  } catch (error) {
    const isUnknown = error instanceof UsageError;
    if (!isUnknown && !(error instanceof NotFoundError)) return [{ state: "wrong", what: errorLine(error) }];
    const what = isUnknown
      ? `${error.message}: whether it runs cannot be seen`
      : "not running: nothing listens where the configuration says";
    return [{ state: "note", what }, ...(await checkListening(options, SILENT))];
  }
}

/** What only the running one knows. */
export function judgeStatus(status: CollectorStatus): readonly Finding[] {
  const { version, uptimeSeconds, machines, sinks, store, followed } = status;
  const running = `running: ${version} for ${uptimeSeconds} s, ${machines.known} machines`;
  return [
    { state: "ok", what: running },
    ...sinks.flatMap((sink) => judgeSink(sink)),
    ...followed
      .filter(({ isConnected }) => !isConnected)
      .map(({ name }): Finding => ({ state: "wrong", what: `${name}: does not answer the collector` })),
    ...(store === null ? [] : judgeStore(store)),
  ];
}

function judgeSink({
  name,
  failingSeconds,
  reason,
  dropped,
}: CollectorStatus["sinks"][number]): readonly Finding[] {
  const failing: Finding = {
    state: "wrong",
    what: `sink ${name}: nothing delivered for ${failingSeconds} s: ${reason}`,
    hint: "what waits is kept for an hour, as far as its queue reaches (queueMiB)",
  };
  const lost: Finding = {
    state: "note",
    what: `sink ${name}: ${dropped} samples were dropped before they could be delivered`,
    hint: "a longer queue (queueMiB), or more deliveries at once (shards)",
  };
  return [...(failingSeconds === null ? [] : [failing]), ...(dropped > 0 ? [lost] : [])];
}

function judgeStore({
  directory,
  quarantinedBlocks,
  failedWrites,
}: NonNullable<CollectorStatus["store"]>): readonly Finding[] {
  const hint = "look at the disk";
  return [
    ...(quarantinedBlocks > 0
      ? [
          {
            state: "note",
            what: `data ${directory}: ${quarantinedBlocks} damaged blocks were set aside`,
            hint,
          } as const,
        ]
      : []),
    ...(failedWrites > 0
      ? [
          {
            state: "note",
            what: `data ${directory}: ${failedWrites} writes have failed since the start`,
            hint,
          } as const,
        ]
      : []),
  ];
}

function none(): void {}
