import { expect, test } from "vitest";
import { UsageError } from "../../../../core/runtime/errors.ts";
import { startService } from "../../../../provisioner/up/service.ts";

const READY = 'echo \'{"level":"info","msg":"ready"}\' >&2';

test("is there once the program has said so, and ends when asked", async () => {
  const lines: string[] = [];
  const service = await startService("test", ["sh", "-c", `${READY}; exec sleep 60`], (line) =>
    lines.push(line),
  );

  await service.stop();
  await service.stop();

  expect(await service.ended).toBe("ended with SIGTERM");
  expect(lines).toEqual(['{"level":"info","msg":"ready"}']);
});

test("a program that ends before it is ready fails with its own words", async () => {
  const start = startService("plimsoll-x", ["sh", "-c", "echo 'error: port 1: in use' >&2; exit 1"]);

  await expect(start).rejects.toThrow("plimsoll-x: port 1: in use");
});

test("a program that cannot be started fails too", async () => {
  await expect(startService("plimsoll-x", ["/no/such/program"])).rejects.toThrow(/ENOENT/);
});

test("what it leaves behind with its standard error open is not waited for", async () => {
  const service = await startService("test", ["sh", "-c", `sleep 5 & ${READY}; wait`]);

  await service.stop();

  expect(await service.ended).toBe("ended with SIGTERM");
});

test("wrong usage stays wrong usage", async () => {
  const start = startService("plimsoll-x", ["sh", "-c", "echo 'error: --x: unknown' >&2; exit 2"]);

  await expect(start).rejects.toBeInstanceOf(UsageError);
});

test("one that ends in its own time is waited for", async () => {
  const service = await startService("test", [
    "sh",
    "-c",
    `trap 'exit 3' TERM; ${READY}; while :; do sleep 0.05; done`,
  ]);

  await service.stop();

  expect(await service.ended).toBe("ended with exit code 3");
});
