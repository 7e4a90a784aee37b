import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { parseDuration } from "../core/runtime/duration.ts";
import { errnoOf, UsageError } from "../core/runtime/errors.ts";
import type { Given } from "../core/runtime/options.ts";

/** Used where it is there and can be written, or can be made. */
export const SPOOL_DIRECTORY = "/var/lib/plimsoll/agent";

/** Where samples wait for a receiver that is away. */
export interface SpoolSettings {
  /** undefined: in memory. */
  readonly directory: string | undefined;
  /** Of each destination. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Nobody has chosen memory: it is worth a warning. */
  readonly isFallback: boolean;
}

const DEFAULT_BYTES = 32 * 1024 * 1024;
const DEFAULT_AGE_MS = 2 * 86_400_000;
const MIN_BYTES = 64 * 1024;
const UNIT_BYTES: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

export function parseSpool(
  directory: Given | undefined,
  size: Given | undefined,
  age: Given | undefined,
): SpoolSettings {
  const bounds = {
    maxBytes: size === undefined ? DEFAULT_BYTES : parseSize(size),
    maxAgeMs: age === undefined ? DEFAULT_AGE_MS : parseDuration(age.option, age.value),
  };
  if (directory?.value === "none") return { ...bounds, directory: undefined, isFallback: false };
  if (directory !== undefined) return { ...bounds, directory: parsePath(directory), isFallback: false };
  const isThere = canBeMade(SPOOL_DIRECTORY);
  return { ...bounds, directory: isThere ? SPOOL_DIRECTORY : undefined, isFallback: !isThere };
}

function parsePath({ option, value }: Given): string {
  if (value.startsWith("/")) return value;
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not an absolute path`, {
    hint: "or none, for memory",
  });
}

function parseSize({ option, value }: Given): number {
  const [, number, unit = ""] = /^(\d+)(KiB|MiB|GiB)$/.exec(value) ?? [];
  const bytes = Number(number) * (UNIT_BYTES[unit] ?? Number.NaN);
  if (bytes >= MIN_BYTES) return bytes;
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not a size`, {
    hint: "write 64KiB or more, 32MiB, 1GiB",
  });
}

/** Whether a directory can be made, or is there and can be written. */
export function canBeMade(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT" && canBeMade(dirname(directory));
  }
}
