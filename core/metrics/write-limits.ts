import { DecodeError } from "./decode-error.ts";

/** What one request may hold, whatever its protocol. */
export interface WriteLimits {
  readonly maxSeries: number;
  readonly maxSamples: number;
  readonly maxLabelsPerSeries: number;
  /** Bytes of a label's name, and of its value. */
  readonly maxLabelNameBytes: number;
  readonly maxLabelValueBytes: number;
}

export const DEFAULT_WRITE_LIMITS: WriteLimits = {
  maxSeries: 50_000,
  maxSamples: 200_000,
  maxLabelsPerSeries: 64,
  maxLabelNameBytes: 256,
  maxLabelValueBytes: 4096,
};

export function overLimit(what: string, most: number): DecodeError {
  return new DecodeError("LIMIT", `more than ${most} ${what}`);
}

/** Throws DecodeError `LIMIT` for a text that is too long. */
export function checkTextSize(bytes: number, most: number): void {
  if (bytes > most) throw new DecodeError("LIMIT", `${bytes} bytes of text, at most ${most} are taken`);
}
