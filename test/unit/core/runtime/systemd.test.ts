import { afterEach, expect, test } from "vitest";
import { tellSystemdReady } from "../../../../core/runtime/systemd.ts";
import { recordLog } from "../../../support/record-log.ts";

afterEach(() => {
  delete process.env.NOTIFY_SOCKET;
});

test("where systemd does not ask, nothing is told", async () => {
  const log = recordLog();
  await tellSystemdReady(log);
  expect(log.lines).toEqual([]);
});

test("not being able to is a warning", async () => {
  process.env.NOTIFY_SOCKET = "/nowhere/notify";
  const log = recordLog();
  await tellSystemdReady(log);
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "warn systemd not told of readiness",
  ]);
});
