import { afterEach, expect, test } from "vitest";
import type { KeptLetter } from "../../../../collector/dead-letters/letter-files.ts";
import { resubmitLetters } from "../../../../collector/dead-letters/resubmit.ts";
import { parseForwardUrl } from "../../../../collector/forward-url.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("taken, refused with a new reason, kept because the sink is away, unknown, or the bytes are", async () => {
  const answers: Reply[] = [{ status: 204 }, { status: 400, body: "still bad" }, { status: 503 }];
  const receiver = await startHttpReceiver(cleanup, () => answers.shift() ?? { status: 204 });
  const forward = parseForwardUrl("--forward", `influx+http://me:secret@127.0.0.1:${receiver.port}/write`);
  const letter = (sink: string, body: string): KeptLetter => ({
    ...{ time: "2026-01-01T00:00:00.000Z", sink, reason: "first", samples: 2, body: Buffer.from(body) },
  });
  const letters = [
    letter(forward.name, "a value=1 1\n"),
    letter(forward.name, ""),
    letter("influx+http://elsewhere/write", "x value=1 1\n"),
    letter(forward.name, "b value=1 1\n"),
    letter(forward.name, "c value=1 1\n"),
    letter(forward.name, "d value=1 1\n"),
  ];
  const counts = { delivered: 0, refused: 0, kept: 0 };
  const problems = new Map<string, string>();
  const left = await resubmitLetters(letters, [forward], counts, problems);
  expect(receiver.posts.map(({ body }) => body.toString())).toEqual(
    ["a", "b", "c"].map((name) => `${name} value=1 1\n`),
  );
  expect(receiver.posts[0]?.headers.authorization).toBe(`Basic ${btoa("me:secret")}`);
  expect(left.map(({ reason, body }) => [reason, Buffer.from(body).toString().slice(0, 1)])).toEqual([
    ["first", ""],
    ["first", "x"],
    ["HTTP 400: still bad", "b"],
    ["first", "c"],
    ["first", "d"],
  ]);
  expect(counts).toEqual({ delivered: 2, refused: 2, kept: 8 });
  expect([...problems]).toEqual([
    ["influx+http://elsewhere/write", "is not configured (hint: give it with --forward or --config)"],
    [forward.name, expect.stringContaining("503")],
  ]);
});
