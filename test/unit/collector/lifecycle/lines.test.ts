import { expect, test } from "vitest";
import { linesOf } from "../../../../collector/lifecycle/lines.ts";

async function* chunks(...parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

test("whole lines, however they are cut, also within a letter", async () => {
  const [first, second] = [Buffer.from("é\n").subarray(0, 1), Buffer.from("é\n").subarray(1)];
  const lines: string[] = [];
  for await (const line of linesOf(chunks("a\nb", "c\n\n", first, second, "rest"), "x")) lines.push(line);
  expect(lines).toEqual(["a", "bc", "", "é"]);
});

test("one without an end", async () => {
  const all = async () => {
    for await (const _ of linesOf(chunks("x".repeat(2 ** 20), "y"), "docker"));
  };
  await expect(all()).rejects.toThrow("docker: an event without an end");
});
