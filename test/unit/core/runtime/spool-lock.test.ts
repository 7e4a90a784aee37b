import { expect, test } from "vitest";
import { takeLock } from "../../../../core/runtime/spool-lock.ts";

test("one holder at a time, free again after the release", async () => {
  const name = `plimsoll-test-lock-${process.pid}`;
  const release = await takeLock(name, "spool x");

  await expect(takeLock(name, "spool x")).rejects.toMatchObject({
    code: "LOCKED",
    message: "spool x: another process has it",
  });
  release();
  (await takeLock(name, "spool x"))();
});
