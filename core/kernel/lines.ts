import { ParseError } from "./parse-error.ts";

/** One line of a kernel file and where it stands. */
export interface Line {
  readonly path: string;
  /** 1-based. */
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a kernel file. The kernel ends every line: a last one without its newline was cut
 * by whoever read it, and half a number is worse than none, so that is an error.
 */
export function parseLines(text: string, path: string): readonly Line[] {
  if (text === "") return [];
  const lines = text.split("\n").map((text, index) => ({ path, number: index + 1, text }));
  const rest = lines.pop();
  return rest === undefined || rest.text === "" ? lines : malformed(rest);
}

/** The only line of a one-line file. */
export function parseOneLine(text: string, path: string): Line {
  const [line] = parseLines(text, path);
  return line ?? endsEarly(path, 1);
}

export function malformed(line: Line): never {
  throw new ParseError(line.path, line.number, line.text);
}

export function endsEarly(path: string, line: number): never {
  throw new ParseError(path, line, "");
}

/** 20 digits are the largest a 64-bit counter has. */
const UNSIGNED = /^\d{1,20}$/;
const DECIMAL = /^\d{1,20}(\.\d+)?$/;

/** A decimal integer ≥ 0. Values above 2^53 lose their last digits, as every number here. */
export function parseUnsigned(field: string | undefined, line: Line): number {
  return field !== undefined && UNSIGNED.test(field) ? Number(field) : malformed(line);
}

/** `12` or `0.08`. */
export function parseDecimal(field: string | undefined, line: Line): number {
  return field !== undefined && DECIMAL.test(field) ? Number(field) : malformed(line);
}

/** The fields of a line, however many blanks are between and before them. */
export function parseFields(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
