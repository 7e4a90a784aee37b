/**
 * reporting  its agent is heard of
 * silent     its agent is not, though its container runs as far as we know: look at the agent, or the network
 * stopped    its container does not run
 * host-away  nothing is heard of any machine of its host
 * planned    not heard of, and somebody has said beforehand that it would be so: nobody is to be woken
 * released   its address has been given up
 */
export const MACHINE_STATES = ["reporting", "silent", "stopped", "host-away", "planned", "released"] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

export interface Circumstances {
  readonly silentMs: number;
  /** How long this machine may be silent before that means something. */
  readonly patienceMs: number;
  /** Undefined where nobody watches its container. */
  readonly isRunning: boolean | undefined;
  readonly isHostAway: boolean;
  readonly isPlanned: boolean;
  readonly isReleased: boolean;
}

/** What the silence of a machine means: no data is not the same as not running. */
export function judgeState(circumstances: Circumstances): MachineState {
  const { silentMs, patienceMs, isRunning, isHostAway, isPlanned, isReleased } = circumstances;
  if (isReleased) return "released";
  if (silentMs <= patienceMs) return "reporting";
  if (isPlanned) return "planned";
  if (isRunning === false) return "stopped";
  return isHostAway ? "host-away" : "silent";
}

const MISSED_INTERVALS = 3;
const [LEAST_PATIENCE_MS, MOST_PATIENCE_MS] = [30_000, 600_000];

/** So many missed pushes are silence. */
export function patienceMs(intervalMs: number): number {
  return Math.min(Math.max(intervalMs * MISSED_INTERVALS, LEAST_PATIENCE_MS), MOST_PATIENCE_MS);
}
