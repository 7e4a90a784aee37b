import { FUSE } from "../../lxcfs-shim/fuse/abi.ts";
import { Counters } from "../../lxcfs-shim/session/counters.ts";
import { runSession } from "../../lxcfs-shim/session/session.ts";
import { requestMessage } from "./fuse-messages.ts";
import { recordLog } from "./record-log.ts";

export interface BusyDevice {
  /** Readers of one container, each of which asks again as soon as it is answered; beside them one of another. */
  readonly crowd: number;
  /** Milliseconds of the thread that the device takes for a request, half to receive it and half to answer … */
  readonly deviceMs: number;
  /** … and the file system. */
  readonly handleMs: number;
  readonly forMs: number;
}

export interface Played {
  /** How many of the crowd were served between a question of the quiet reader and its answer, each time. */
  readonly ahead: readonly number[];
  /** How much of the thread's time went to the crowd. */
  readonly crowdShare: number;
}

const QUIET = 1;
const FIRST_OF_CROWD = 1000;

/**
 * A session whose kernel hands out requests in the order in which they were made, and whose time passes by what things take, and
 * by nothing else: a thread that has nothing to do waits until the next answer is due.
 */
export function playBusyDevice({ crowd, deviceMs, handleMs, forMs }: BusyDevice): Played {
  const waiting = [...Array.from({ length: crowd }, (_, index) => FIRST_OF_CROWD + index), QUIET];
  const late: { readonly pid: number; readonly dueMs: number }[] = [];
  const ahead: number[] = [];
  const served = { quiet: 0, crowd: 0, sinceAsked: 0 };
  let [nowMs, busyMs] = [0, 0];

  const run = (milliseconds: number): void => {
    nowMs += milliseconds;
    busyMs += milliseconds;
  };
  const answered = (pid: number): void => {
    if (pid === QUIET) {
      ahead.push(served.sinceAsked);
      served.sinceAsked = 0;
    }
    waiting.push(pid);
  };
  const takeDue = (): void => {
    late.sort((a, b) => a.dueMs - b.dueMs);
    while (late[0] !== undefined && late[0].dueMs <= nowMs) answered(late.shift()?.pid ?? 0);
  };
  const pidOf = (reply: Buffer): number => Number(reply.readBigUInt64LE(8));

  runSession({
    transport: {
      receive: () => {
        takeDue();
        if (waiting.length === 0) nowMs = Math.max(nowMs, late[0]?.dueMs ?? 0);
        takeDue();
        const pid = waiting.shift();
        if (pid === undefined || nowMs >= forMs) return undefined;
        run(deviceMs / 2);
        return requestMessage({ opcode: FUSE.STATFS, unique: BigInt(pid), pid });
      },
      send: (reply) => {
        run(deviceMs / 2);
        answered(pidOf(reply));
      },
      close: () => {},
    },
    fileSystem: {
      handle: (_, { pid }) => {
        run(handleMs);
        served[pid === QUIET ? "quiet" : "crowd"] += 1;
        if (pid !== QUIET) served.sinceAsked += 1;
        return { kind: "statfs" };
      },
      ownerOf: ({ pid }) => (pid === QUIET ? "quiet" : "crowd"),
    },
    counters: new Counters(),
    log: recordLog(),
    // Whose thread sends it has half of the device's time: not the one that serves.
    sendLater: (reply, delayMs) => late.push({ pid: pidOf(reply), dueMs: nowMs + delayMs }),
    clock: { nowMs: () => nowMs, busyMs: () => busyMs },
    onReady: () => {},
  });
  return { ahead, crowdShare: served.crowd / (served.crowd + served.quiet) };
}
