import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { followLastWords } from "../../../provisioner/last-words.ts";

async function wordsOf(text: string): Promise<string> {
  const stream = new PassThrough();
  const words = followLastWords(stream);
  stream.end(text);
  await once(stream, "end");
  await turn();
  return words();
}

test.each([
  ["an error line wins over what follows", "error: port in use\nbye\n", "port in use"],
  [
    "else the last log line that is a warning or an error",
    '{"level":"error","msg":"bad"}\n{"level":"info","msg":"fine"}\n',
    "bad",
  ],
  ["a log of good news has none", '{"level":"info","msg":"ready"}\n', ""],
  ["else the last line", "one\ntwo\n\n", "two"],
  ["a broken log line is taken as it is", '{"msg":\n', '{"msg":'],
  ["nothing said", "", ""],
])("%s", async (_, text, expected) => {
  expect(await wordsOf(text)).toBe(expected);
});
