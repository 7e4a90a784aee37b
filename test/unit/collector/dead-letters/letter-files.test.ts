import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  type KeptLetter,
  parseLetters,
  readLetters,
  renderLetter,
  takeLetters,
} from "../../../../collector/dead-letters/letter-files.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const letter = (reason: string): KeptLetter => ({
  ...{ time: "2026-01-01T00:00:00.000Z", sink: "s", reason, samples: 1, body: Buffer.from("abc") },
});
const reasonsOf = (letters: readonly KeptLetter[]): string[] => letters.map(({ reason }) => reason);

function files(): string {
  const path = join(cleanup.temporaryFolder(), "dead.ndjson");
  writeFileSync(`${path}.1`, renderLetter(letter("older")));
  writeFileSync(path, renderLetter(letter("newer")));
  return path;
}

test("a line is a letter or is passed over", async () => {
  const text = `${renderLetter(letter("a"))}{"time":"cut o\n{}\n[1]\n\n${renderLetter(letter("b"))}`;
  expect(parseLetters(text)).toEqual([letter("a"), letter("b")]);
  expect(await readLetters(join(cleanup.temporaryFolder(), "none"))).toEqual([]);
  expect(reasonsOf(await readLetters(files()))).toEqual(["older", "newer"]);
});

test("what stays is behind what has come meanwhile; nothing is lost while somebody writes", async () => {
  const path = files();
  const seen: string[] = [];
  await takeLetters(path, async (letters) => {
    seen.push(...reasonsOf(letters));
    // The collector begins a file of its own, and one letter was on its way into the old one.
    appendFileSync(path, renderLetter(letter(`during ${seen.length}`)));
    if (seen.length === 2) appendFileSync(`${path}.resubmitting`, renderLetter(letter("late")));
    return letters.slice(0, seen.length === 1 ? 1 : 0);
  });
  expect(seen).toEqual(["older", "newer"]);
  expect(reasonsOf(await readLetters(path))).toEqual(["during 1", "older", "during 2", "late"]);
  expect([`${path}.1`, `${path}.resubmitting`].filter(existsSync)).toEqual([]);
});

test("what a killed run has moved aside is the first the next time, and overwritten by nothing", async () => {
  const path = files();
  renameSync(path, `${path}.resubmitting`);
  writeFileSync(path, renderLetter(letter("newest")));
  const seen: string[] = [];
  const take = (): Promise<void> =>
    takeLetters(path, async (letters) => {
      seen.push(...reasonsOf(letters));
      return [];
    });
  await take();
  expect(readFileSync(path, "utf8")).toBe(renderLetter(letter("newest")));
  await take();
  expect(seen).toEqual(["older", "newer", "newest"]);
});

test("when settling fails everything is still there for the next time", async () => {
  const path = files();
  await expect(takeLetters(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const seen: string[] = [];
  await takeLetters(path, async (letters) => {
    seen.push(...reasonsOf(letters));
    return [];
  });
  expect(seen).toEqual(["older", "newer"]);
});
