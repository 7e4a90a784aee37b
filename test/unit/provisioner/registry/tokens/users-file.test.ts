import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hashPassword } from "../../../../../provisioner/registry/tokens/users.ts";
import { openUsers, writeUser } from "../../../../../provisioner/registry/tokens/users-file.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("users come, change and go; who reads sees them at once", async () => {
  const file = join(cleanup.temporaryFolder(), "users");
  writeUser(file, "ada", await hashPassword("one", 4));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const users = openUsers(file);
  expect([...users().keys()]).toEqual(["ada"]);

  const tick = (): void => utimesSync(file, new Date(), new Date(Date.now() + 1000));
  writeFileSync(file, `# ours\n${readFileSync(file, "utf8")}`);
  writeUser(file, "bob", await hashPassword("two", 4));
  writeUser(file, "ada", await hashPassword("three", 4));
  tick();
  expect([...users().keys()]).toEqual(["bob", "ada"]);
  expect(readFileSync(file, "utf8")).toMatch(/^# ours\nbob:.*\nada:.*\n$/);
  writeUser(file, "bob", undefined);
  expect(readFileSync(file, "utf8")).not.toContain("bob");
});

test("a file that is damaged is not written over", async () => {
  const file = join(cleanup.temporaryFolder(), "users");
  writeFileSync(file, "something else\n");
  const hash = await hashPassword("one", 4);
  expect(() => writeUser(file, "ada", hash)).toThrow("users:1: is no user");
  expect(readFileSync(file, "utf8")).toBe("something else\n");
});
