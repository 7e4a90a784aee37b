import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import {
  childEnvironment,
  environmentOption,
  environmentVariable,
  readConfigFile,
} from "../../../../core/runtime/config.ts";
import { UsageError } from "../../../../core/runtime/errors.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
afterEach(() => {
  delete process.env.PLIMSOLL_TEST_OPTION;
});

function file(name: string, text: string): string {
  const path = join(cleanup.temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

test("YAML and JSON give the same object; an empty file is an empty one", async () => {
  const expected = { push: ["a", "b"], interval: "10s" };

  expect(await readConfigFile(file("a.yaml", "push: [a, b]\ninterval: 10s\n"))).toEqual(expected);
  expect(await readConfigFile(file("a.json", JSON.stringify(expected)))).toEqual(expected);
  expect(await readConfigFile(file("empty.yaml", "# nothing\n"))).toEqual({});
});

test("a mistake is named with file, line and column", async () => {
  const path = file("bad.yaml", "interval: 10s\npush: [a\n");

  await expect(readConfigFile(path)).rejects.toThrow(UsageError);
  await expect(readConfigFile(path)).rejects.toThrow(/bad\.yaml:3:1: /);
});

test("an alias of nothing, a key that is no text and too many aliases are mistakes too", async () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]", ..."bcdefgh"].map((line, i) => {
    const before = "abcdefgh"[i - 1];
    return i === 0 ? line : `${line}: &${line} [${Array(9).fill(`*${before}`).join(", ")}]`;
  });

  await expect(readConfigFile(file("alias.yaml", "a: *x\n"))).rejects.toThrow(/^configuration .*alias\.yaml/);
  await expect(readConfigFile(file("key.yaml", "? [1, 2]\n: x\n"))).rejects.toThrow(UsageError);
  await expect(readConfigFile(file("bomb.yaml", bomb.join("\n")))).rejects.toThrow(/bomb\.yaml: .*alias/i);
});

test("what is no mapping, no JSON, or cannot be read is one clear error", async () => {
  await expect(readConfigFile(file("list.yaml", "- a\n"))).rejects.toThrow(/expected a mapping/);
  await expect(readConfigFile(file("bad.json", "{"))).rejects.toThrow(/not valid JSON/);
  await expect(readConfigFile("/no/such.yaml")).rejects.toThrow(/\/no\/such\.yaml: cannot be read: ENOENT/);
  await expect(readConfigFile("/proc")).rejects.toThrow(/cannot be read: EISDIR/);
});

test("an option of ours in the environment; an empty one is none", () => {
  process.env.PLIMSOLL_TEST_OPTION = "";
  expect(environmentOption("TEST_OPTION")).toBeUndefined();

  process.env.PLIMSOLL_TEST_OPTION = "x";
  expect(environmentOption("TEST_OPTION")).toBe("x");
});

test("a child's environment is ours with what is added", () => {
  expect(childEnvironment({ PLIMSOLL_TEST_OPTION: "y" })).toMatchObject({
    PATH: environmentVariable("PATH"),
    PLIMSOLL_TEST_OPTION: "y",
  });
});
