import { expect, test } from "vitest";
import { takeLock } from "../../../../provisioner/up/single-instance.ts";

test("one holder at a time; free again after release", async () => {
  const name = `\0plimsoll-test-${process.pid}`;
  const release = await takeLock(name);

  await expect(takeLock(name)).rejects.toThrow("already running on this machine");

  release();
  (await takeLock(name))();
});
