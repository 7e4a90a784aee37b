import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import {
  hashPassword,
  isUserName,
  PasswordCheck,
  parseUsers,
  renderUser,
} from "../../../../../provisioner/registry/tokens/users.ts";

test("a password is right, or wrong, or nobody's", async () => {
  const text = `# users\n${renderUser("ada", await hashPassword("pässword", 4))}\n\n${renderUser("bob", await hashPassword("other", 5))}\n`;
  const users = parseUsers("users", text);
  const check = new PasswordCheck();
  expect(await check.check(users, "ada", "pa\u0308ssword")).toBe(true);
  expect(await check.check(users, "ada", "pässword")).toBe(true);
  expect(await check.check(users, "ada", "other")).toBe(false);
  expect(await check.check(users, "eve", "other")).toBe(false);
  expect(await check.check(users, "", "")).toBe(false);
});

test("what was right is forgotten with the password", async () => {
  const check = new PasswordCheck();
  const usersOf = async (password: string) =>
    parseUsers("users", renderUser("ada", await hashPassword(password, 4)));
  const before = await usersOf("one");
  expect(await check.check(before, "ada", "one")).toBe(true);
  const after = await usersOf("two");
  expect(await check.check(after, "ada", "one")).toBe(false);
  expect(await check.check(after, "ada", "two")).toBe(true);
});

test.for([
  "ada",
  "ada:password",
  "ada:scrypt:15:c2FsdA==:c2hvcnQ=",
  "a b:scrypt:4:YQ==:YQ==",
  "ada:scrypt:99:YQ==:YQ==",
])("%s is no user", (line) => {
  expect(() => parseUsers("users", `\n${line}`)).toThrow(UsageError);
  expect(() => parseUsers("users", `\n${line}`)).toThrow("users:2: is no user");
});

test("names that fit into a line, and into a header", () => {
  expect(["ada", "ci-1", "A.b_c"].every(isUserName)).toBe(true);
  expect(["", "a:b", "a b", "*", "-x", "x".repeat(65)].some(isUserName)).toBe(false);
});
