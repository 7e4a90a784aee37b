import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openNames } from "../../../../lxcfs-shim/by-name/names.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("a name is there from its registration to its removal", () => {
  const directory = join(cleanup.temporaryFolder(), "names");
  const names = openNames(directory);
  expect(names.list()).toEqual([]);
  expect(names.has("web")).toBe(false);

  names.register("web", "3:memory:/docker/1\n0::/docker/1\n");
  names.register("db.1", "0::/lxc/db\n");

  expect(names.list()).toEqual(["db.1", "web"]);
  expect(names.cgroupOf("web")).toEqual({
    unified: "/docker/1",
    controllers: new Map([["memory", "/docker/1"]]),
  });
  names.register("web", "0::/docker/2\n");
  expect(openNames(directory).cgroupOf("web")?.unified).toBe("/docker/2");
  expect(names.remove("web")).toBe(true);
  expect(names.remove("web")).toBe(false);
  expect(names.cgroupOf("web")).toBeUndefined();
});

test("nothing outside the directory has a name", () => {
  const folder = cleanup.temporaryFolder();
  writeFileSync(join(folder, "secret"), "0::/\n");
  const names = openNames(join(folder, "names"));
  for (const name of ["", ".", "..", "../secret", "a/b", ".hidden", "a b", "x".repeat(129)]) {
    expect(() => names.register(name, "0::/\n"), name).toThrow(/is not a name/);
    expect(names.has(name), name).toBe(false);
    expect(names.remove(name), name).toBe(false);
  }
  expect(existsSync(join(folder, "secret"))).toBe(true);
});

test("what keeps a name from being registered is said, and leaves nothing", () => {
  const folder = cleanup.temporaryFolder();
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => openNames(file).register("web", "0::/\n")).toThrow(`name web cannot be registered in ${file}`);
  expect(() => openNames(file).list()).toThrow(`the names in ${file} cannot be read`);

  const names = openNames(join(folder, "names"));
  mkdirSync(join(folder, "names/web/inside"), { recursive: true });
  expect(() => names.register("web", "0::/\n")).toThrow("name web cannot be registered in");
  expect(readdirSync(join(folder, "names"))).toEqual(["web"]);
});
