import { expect, test } from "vitest";
import { HeldEntries } from "../../../../core/runtime/spool-held.ts";

const entry = (id: number) => ({ id, samples: 1, timeMs: 0, body: new Uint8Array(10) });

test("first in, first out, and the bytes are those of what is left", () => {
  const held = new HeldEntries();
  for (let id = 1; id <= 100; id++) held.push(entry(id));
  const full = held.bytes;
  for (let id = 1; id <= 60; id++) expect(held.shift()?.id).toBe(id);

  expect(held.length).toBe(40);
  expect(held.bytes).toBe(full * 0.4);
  expect([...held].map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, i) => i + 61));
  while (held.shift() !== undefined);
  expect(held).toMatchObject({ length: 0, bytes: 0, first: undefined });
});
