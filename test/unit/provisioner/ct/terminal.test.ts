import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { UsageError } from "../../../../core/runtime/errors.ts";
import { type Streams, withTerminal } from "../../../../provisioner/ct/terminal.ts";

function terminalOf(columns: number): { streams: Streams; modes: boolean[]; resize(columns: number): void } {
  const modes: boolean[] = [];
  const stdout = Object.assign(new EventEmitter(), { isTTY: true, columns, rows: 24 });
  const stdin = { isTTY: true, setRawMode: (isRaw: boolean) => modes.push(isRaw) };
  const resize = (wanted: number): void => {
    stdout.columns = wanted;
    stdout.emit("resize");
  };
  return { streams: { stdin, stdout }, modes, resize };
}

test("raw for as long as it is used, whatever happens", async () => {
  const { streams, modes } = terminalOf(80);

  await expect(
    withTerminal(streams, async () => {
      expect(modes).toEqual([true]);
      throw new Error("it broke");
    }),
  ).rejects.toThrow("it broke");
  expect(modes).toEqual([true, false]);
});

test("its size, and each change of it until nobody asks any more", async () => {
  const { streams, resize } = terminalOf(80);
  const seen: number[] = [];

  await withTerminal(streams, async ({ size, onResize }) => {
    seen.push(size.columns);
    const stop = onResize(({ columns }) => seen.push(columns));
    resize(100);
    stop();
    resize(120);
  });

  expect(seen).toEqual([80, 100]);
});

test("what is not a terminal is refused", async () => {
  const { streams } = terminalOf(80);
  const piped = { ...streams, stdin: {} };

  await expect(withTerminal(piped, async () => {})).rejects.toThrow(UsageError);
});
