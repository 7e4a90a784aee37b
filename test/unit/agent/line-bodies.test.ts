import { expect, test } from "vitest";
import { dividePacked, joinPacked, packLines, unpackLines } from "../../../agent/line-bodies.ts";

const pack = (text: string) =>
  packLines({ text, samples: text.split("\n").length - 1 })?.body ?? new Uint8Array(0);

test("joined bodies are their lines, in order", () => {
  expect(unpackLines(joinPacked([pack("a\n"), pack("b\nc\n")])).toString()).toBe("a\nb\nc\n");
});

test("a body is divided between lines, down to one", () => {
  const parts = dividePacked(joinPacked([pack("a\n"), pack("b\nc\n")])) ?? [];

  expect(parts.map(({ body, samples }) => [unpackLines(body).toString(), samples])).toEqual([
    ["a\n", 1],
    ["b\nc\n", 2],
  ]);
  expect(dividePacked(pack("a\n"))).toBeUndefined();
});

test("no lines are no body", () => {
  expect(packLines({ text: "", samples: 0 })).toBeUndefined();
});
