import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { openHostRoot } from "../../core/kernel/host-root.ts";
import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { findHeldShims, type HeldShim } from "./held-shims.ts";
import type { ShimStatus } from "./status.ts";
import { readStatuses } from "./status-socket.ts";

/** The running shims. */
export interface Survey {
  readonly answering: readonly ShimStatus[];
  /** Those that no server answers for: it hangs, or has crashed and the next one is not there yet. */
  readonly silent: readonly HeldShim[];
}

/** The code of the error for a shim that runs, and does not answer. */
export const NO_ANSWER = "NO_ANSWER";

/** Every running shim, or the one on `directory`. */
export async function surveyShims(directory?: string): Promise<Survey> {
  const statuses = await readStatuses();
  const silent = findHeldShims(openHostRoot()).filter(
    ({ connection }) => !statuses.some((status) => status.connection === connection),
  );
  const isMeant = isOn(directory);
  return { answering: statuses.filter(isMeant), silent: silent.filter(isMeant) };
}

/** The shims that answer, all or the one on `directory`. Throws NotFoundError when none runs, `NO_ANSWER` when none answers. */
export async function findShims(directory: string | undefined): Promise<readonly ShimStatus[]> {
  const found = (await readStatuses()).filter(isOn(directory));
  if (found.length > 0) return found;
  const { answering, silent } = await surveyShims(directory);
  if (answering.length > 0) return answering;
  throw silent[0] === undefined ? noShim(directory) : noAnswer(silent[0]);
}

export function noShim(directory: string | undefined): NotFoundError {
  const where = directory === undefined ? "on this machine" : `on ${directory}`;
  return new NotFoundError(`no plimsoll-shim runs ${where}`, { hint: "plimsoll-shim doctor says more" });
}

export function noAnswer({ mountPoint, holder }: HeldShim): PlimsollError {
  return new PlimsollError(NO_ANSWER, `${mountPoint}: no server answers, holder ${holder} starts another`, {
    hint: "its log says why; plimsoll-shim upgrade does it now",
  });
}

/** As `serve` calls it, or in any other way; either of a shim's two mounts. */
function isOn(
  directory: string | undefined,
): (shim: {
  readonly mountPoint: string;
  readonly named?: { readonly mountPoint: string } | undefined;
}) => boolean {
  if (directory === undefined) return () => true;
  const paths = new Set([directory, mountPath(directory)]);
  return ({ mountPoint, named }) =>
    paths.has(mountPoint) || (named !== undefined && paths.has(named.mountPoint));
}

/** Without symbolic links. The mount itself is not touched: whoever serves it may not answer. */
function mountPath(directory: string): string {
  try {
    return followLink(realParent(resolve(directory)));
  } catch {
    return resolve(directory);
  }
}

function followLink(path: string): string {
  try {
    return realParent(resolve(dirname(path), readlinkSync(path)));
  } catch {
    return path; // no link
  }
}

function realParent(path: string): string {
  return join(realpathSync(dirname(path)), basename(path));
}
