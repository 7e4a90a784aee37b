import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { NotFoundError } from "../../../../../core/runtime/errors.ts";
import { hashPassword } from "../../../../../provisioner/registry/tokens/users.ts";
import { openUsers, writeUser } from "../../../../../provisioner/registry/tokens/users-file.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("users come, change and go; who reads sees them at once", async () => {
  const file = join(cleanup.temporaryFolder(), "users");
  await writeUser(file, "ada", await hashPassword("one", 4), systemClock);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const users = openUsers(file);
  expect([...users().keys()]).toEqual(["ada"]);

  const tick = (): void => utimesSync(file, new Date(), new Date(Date.now() + 1000));
  writeFileSync(file, `# ours\n${readFileSync(file, "utf8")}`);
  await writeUser(file, "bob", await hashPassword("two", 4), systemClock);
  await writeUser(file, "ada", await hashPassword("three", 4), systemClock);
  tick();
  expect([...users().keys()]).toEqual(["bob", "ada"]);
  expect(readFileSync(file, "utf8")).toMatch(/^# ours\nbob:.*\nada:.*\n$/);
  await writeUser(file, "bob", undefined, systemClock);
  expect(readFileSync(file, "utf8")).not.toContain("bob");
});

test("a file that is damaged is not written over", async () => {
  const file = join(cleanup.temporaryFolder(), "users");
  writeFileSync(file, "something else\n");
  const hash = await hashPassword("one", 4);
  await expect(writeUser(file, "ada", hash, systemClock)).rejects.toThrow("users:1: is no user");
  expect(readFileSync(file, "utf8")).toBe("something else\n");
});

test("a user who is not there is not said to be removed", async () => {
  const file = join(cleanup.temporaryFolder(), "users");
  await expect(writeUser(file, "ada", undefined, systemClock)).rejects.toThrow(NotFoundError);
  expect(existsSync(file)).toBe(false);
});

testIf(hasCommand("flock"))("who changes it at once lose nobody", async () => {
  const file = join(cleanup.temporaryFolder(), "users");
  const hash = await hashPassword("one", 4);
  const names = Array.from({ length: 8 }, (_, at) => `user${at}`);
  await Promise.all(names.map((name) => writeUser(file, name, hash, systemClock)));
  expect([...openUsers(file)().keys()].sort()).toEqual(names);
});
