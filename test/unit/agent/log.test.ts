import { expect, test } from "vitest";
import { openLogger } from "../../../agent/log.ts";

function linesOf(level: Parameters<typeof openLogger>[0]): {
  lines: unknown[];
  log: ReturnType<typeof openLogger>;
} {
  const lines: unknown[] = [];
  return { lines, log: openLogger(level, (line) => lines.push(JSON.parse(line))) };
}

test("a line has pino's keys", () => {
  const { lines, log } = linesOf("info");
  log.info({ sink: "a" }, "ready");

  expect(lines).toEqual([
    {
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      name: "plimsoll-agent",
      sink: "a",
      msg: "ready",
    },
  ]);
});

test("nothing below the level is written", () => {
  const { lines, log } = linesOf("warn");
  log.error({}, "1");
  log.warn({}, "2");
  log.info({}, "3");
  log.debug({}, "4");
  log.trace({}, "5");

  expect(lines).toEqual([expect.objectContaining({ msg: "1" }), expect.objectContaining({ msg: "2" })]);
});

test("errors are written with their code and cause", () => {
  const { lines, log } = linesOf("error");
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  log.error({ err: new TypeError("push", { cause }) }, "failed");

  expect(lines).toMatchObject([
    {
      err: {
        type: "TypeError",
        message: "push",
        cause: { type: "Error", message: "refused", code: "ECONNREFUSED" },
      },
    },
  ]);
});

test("a message that comes again and again is ten lines a minute, and the next one says what is missing", () => {
  const lines: { readonly msg: string; readonly omitted?: number }[] = [];
  let nowMs = 120_000;
  const log = openLogger(
    "info",
    (line) => lines.push(JSON.parse(line)),
    () => nowMs,
  );
  for (let i = 0; i < 25; i++) log.warn({ i }, "again");
  log.warn({}, "other");
  expect(lines.map(({ msg }) => msg)).toEqual([...Array(10).fill("again"), "other"]);
  nowMs += 60_000;
  for (let i = 0; i < 2; i++) log.warn({ i }, "again");

  expect(lines.slice(11)).toMatchObject([{ omitted: 15 }, { i: 1 }]);
  expect(lines[12]).not.toHaveProperty("omitted");
});

test("the level may change", () => {
  const { lines, log } = linesOf("warn");
  log.info({}, "1");
  log.level = "info";
  log.info({}, "2");

  expect(lines).toMatchObject([{ msg: "2" }]);
});
