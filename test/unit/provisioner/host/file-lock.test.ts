import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLockOwner, tryFileLock } from "../../../../provisioner/host/file-lock.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { startProgram } from "../../../support/run-program.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const pathOf = (): string => join(cleanup.temporaryFolder(), "run", "lock");

test("one has it, and says who; nobody else may even open it", async () => {
  const path = pathOf();
  const release = await tryFileLock(path);

  expect(await tryFileLock(path)).toBeUndefined();
  expect(readLockOwner(path)).toMatch(new RegExp(`^process ${process.pid} \\(\\S+.*\\)$`));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  release?.();
  (await tryFileLock(path))?.();
});

test("it ends with its process, whatever ends that", async () => {
  const path = pathOf();
  (await tryFileLock(path))?.();
  const script = `exec 3<>${path}; flock 3; echo "$$ other thing" >&3; echo has it; read -r _ <&1`;
  const other = startProgram(cleanup, ["sh", "-c", script]);
  await other.waitForLine(/has it/);
  expect(await tryFileLock(path)).toBeUndefined();
  expect(readLockOwner(path)).toBe(`process ${other.pid} (other thing)`);

  await other.stop("SIGKILL");

  const release = await waitFor("the lock", () => tryFileLock(path));
  release();
});

test("a place where no lock can be is told", async () => {
  const folder = cleanup.temporaryFolder();
  writeFileSync(join(folder, "file"), "");

  await expect(tryFileLock(join(folder, "file", "lock"))).rejects.toThrow("cannot be opened");
});
