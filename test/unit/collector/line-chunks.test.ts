import { expect, test } from "vitest";
import { divideLines, joinLines } from "../../../collector/line-chunks.ts";

test("chunks are joined, and one is divided between its lines", () => {
  const joined = joinLines([Buffer.from("a\nb\n"), Buffer.from("c\n")]);
  const parts = divideLines(joined)?.map(({ body, samples }) => [Buffer.from(body).toString(), samples]);
  expect(parts).toEqual([
    ["a\n", 1],
    ["b\nc\n", 2],
  ]);
  expect(divideLines(Buffer.from("a\n"))).toBeUndefined();
});
