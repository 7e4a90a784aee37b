import { appendFile, readFile, rename, rm } from "node:fs/promises";
import { errnoOf } from "../../core/runtime/errors.ts";
import type { DeadLetter } from "./dead-letters.ts";

/** A dead letter as its line has it. The body is empty where the receiver took the rest and did not say which it did not. */
export interface KeptLetter extends DeadLetter {
  /** When it was refused, ISO 8601. */
  readonly time: string;
}

/** The letters of both files, the oldest first; a line that is none is passed over. */
export async function readLetters(path: string): Promise<readonly KeptLetter[]> {
  const texts = await Promise.all([readIfThere(`${path}.1`), readIfThere(path)]);
  return texts.flatMap((text) => parseLetters(text.toString()));
}

export function parseLetters(text: string): readonly KeptLetter[] {
  return text.split("\n").flatMap((line) => parseLetter(line) ?? []);
}

/** Undefined for a line that was cut off, and for one that somebody else wrote. */
function parseLetter(line: string): KeptLetter | undefined {
  try {
    const { time, sink, reason, samples, body } = JSON.parse(line) as Record<string, unknown>;
    if (typeof time !== "string" || typeof sink !== "string" || typeof reason !== "string") return undefined;
    if (typeof samples !== "number" || typeof body !== "string") return undefined;
    return { time, sink, reason, samples, body: Buffer.from(body, "base64") };
  } catch {
    return undefined;
  }
}

export function renderLetter({ time, sink, reason, samples, body }: KeptLetter): string {
  return `${JSON.stringify({ time, sink, reason, samples, body: Buffer.from(body).toString("base64") })}\n`;
}

/**
 * Takes both files, the older first, through `settle`, which returns the letters that stay. A collector may go
 * on writing meanwhile: a file is moved aside, what stays is appended to the one that the collector has begun, and
 * only then is it removed. One that a killed run has left is the first the next time; what was delivered of it is
 * delivered again.
 */
export async function takeLetters(
  path: string,
  settle: (letters: readonly KeptLetter[]) => Promise<readonly KeptLetter[]>,
): Promise<void> {
  const claimed: string[] = [];
  for (const source of [`${path}.1`, path]) if (await claim(source)) claimed.push(claimOf(source));
  for (const file of claimed) {
    const text = await readIfThere(file);
    const left = await settle(parseLetters(text.toString()));
    // A letter that was being written while the file was moved.
    const late = (await readIfThere(file)).subarray(text.length);
    const kept = left.map(renderLetter).join("") + late.toString();
    if (kept !== "") await appendFile(path, kept, { mode: 0o600 });
    await rm(file);
  }
}

function claimOf(source: string): string {
  return `${source}.resubmitting`;
}

/** Whether there is one, of now or of a run that was killed. */
async function claim(source: string): Promise<boolean> {
  if ((await readIfThere(claimOf(source))).length > 0) return true;
  try {
    await rename(source, claimOf(source));
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
