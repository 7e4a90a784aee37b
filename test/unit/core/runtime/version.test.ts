import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageDirectory, packageVersion } from "../../../../core/runtime/version.ts";

test("the version and the directory are those of package.json", () => {
  const { version } = JSON.parse(readFileSync(`${packageDirectory()}/package.json`, "utf8"));

  expect(packageVersion()).toBe(version);
  expect(packageDirectory()).not.toMatch(/\/$/);
});
