import { UsageError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `100ms`, `10s`, `1m`, `2h`, `7d` → milliseconds. Throws UsageError naming `option` otherwise. */
export function parseDuration(option: string, text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not a duration`, {
    hint: "write 100ms, 10s, 1m, 2h or 7d",
  });
}

/** The same; undefined for what is none. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ""];
  const ms = unit === undefined ? Number.NaN : Number(match?.[1]) * unit;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
