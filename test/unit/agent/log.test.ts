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
