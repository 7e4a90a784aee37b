import { afterAll, expect, test } from "vitest";
import { nameCommand } from "../../../../lxcfs-shim/by-name/name-command.ts";
import { openNames } from "../../../../lxcfs-shim/by-name/names.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const run = (...args: readonly string[]) => nameCommand().parseAsync([...args], { from: "user" });

test("registers and removes", async () => {
  const directory = cleanup.temporaryFolder();
  await run("web", "--cgroup", "/web", "--names", directory);
  expect(openNames(directory).list()).toEqual(["web"]);

  await run("web", "--remove", "--names", directory);
  expect(openNames(directory).list()).toEqual([]);
  await expect(run("web", "--remove", "--names", directory)).rejects.toThrow('no name "web" is registered');
});

test("what is to be done with no name in particular is asked back", async () => {
  for (const args of [["--remove"], ["--cgroup", "/a"], ["--pid", "1"]])
    await expect(run(...args)).rejects.toThrow("which name?");
});

test("one way to say which container, not two, not none", async () => {
  await expect(run("web")).rejects.toThrow("which container?");
  await expect(run("web", "--pid", "1", "--cgroup", "/a")).rejects.toThrow("which container?");
  await expect(run("web", "--remove", "--cgroup", "/a")).rejects.toThrow("--remove forgets the name");
  await expect(run("web", "--pid", "me")).rejects.toThrow("which container?");
});
