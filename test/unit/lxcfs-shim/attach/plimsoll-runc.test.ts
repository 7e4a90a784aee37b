import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import { packageDirectory } from "../../../../core/runtime/version.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const PROGRAM = join(packageDirectory(), "bin/plimsoll-runc");

/** A runc that notes how it was called, and whose containers' first process is `pid`. */
function fakeRunc(pid: number, code = 0) {
  const folder = cleanup.temporaryFolder();
  const [runc, calls] = [join(folder, "runc"), join(folder, "calls")];
  const script = `echo "$*" >>${calls}\n[ -z "$PID_FILE" ] || printf ${pid} >"$PID_FILE"\necho from runc\nexit ${code}`;
  writeFileSync(runc, `#!/bin/sh\n${script}\n`);
  chmodSync(runc, 0o755);
  const pidFile = join(folder, "init.pid");
  return {
    log: join(folder, "log.json"),
    pidFile,
    run: async (own: readonly string[], ...args: readonly string[]) => {
      const options = { env: { PID_FILE: pidFile }, okCodes: [0, 1, 7], input: "for the container" };
      const { code, stdout, stderr } = await exec([PROGRAM, `--runc=${runc}`, ...own, ...args], options);
      const called = existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
      return { code, stdout, stderr, called };
    },
  };
}

const LOGGED = /^\{"level":"(\w+)","msg":"plimsoll-runc: (.*)","time":"\d{4}-\d\d-\d\dT[\d:]{8}Z"\}\n$/;

test.for([
  ["state", ["--root", "/run/create", "state", "web"], 0],
  ["a create that asks for no pid", ["create", "--bundle", "/b", "web"], 0],
  ["help", ["--help"], 0],
  ["nothing at all", [], 0],
  ["what fails", ["--log", "create", "kill", "web"], 7],
] as const)("%s is runc's alone", async ([, args, code]) => {
  const result = await fakeRunc(process.pid, code).run(["--shim=/nowhere"], ...args);

  expect(result).toEqual({ code, stdout: "from runc\n", stderr: "", called: [args.join(" ")] });
});

test("a create that fails is not gone on with", async () => {
  const { run, pidFile } = fakeRunc(process.pid, 7);

  expect(await run([], "create", "--pid-file", pidFile, "web")).toMatchObject({ code: 7, stderr: "" });
});

test("a shim that is away costs the figures, not the container; runc's log says so", async () => {
  const { run, pidFile, log } = fakeRunc(process.pid);

  const result = await run(
    ["--shim=/no\\where"],
    "--log",
    log,
    "--log-format=json",
    "create",
    "--pid-file",
    pidFile,
    "web",
  );

  expect(result).toMatchObject({ code: 0, stdout: "from runc\n", stderr: "" });
  const [, level, why] = LOGGED.exec(readFileSync(log, "utf8")) ?? [];
  expect(level).toBe("warning");
  expect(why).toBe("plimsoll-mounts: /no/where: No such file or directory");
});

test("with --strict the container is taken down again, and that is the error", async () => {
  const { run, pidFile, log } = fakeRunc(process.pid);
  const global = ["--root", "/run/runc", "--log", log, "--log-format", "json"];

  const result = await run(
    ["--strict", "--shim=/nowhere"],
    ...global,
    "create",
    `--pid-file=${pidFile}`,
    "web",
  );

  expect(result.code).toBe(1);
  expect(result.called.at(-1)).toBe("--root=/run/runc delete --force web");
  expect(LOGGED.exec(readFileSync(log, "utf8"))?.[1]).toBe("error");
});

test("without a log it is said on stderr", async () => {
  const { run, pidFile } = fakeRunc(4194304); // no process has that number

  const { stderr } = await run(["--shim=/nowhere"], "create", "--pid-file", pidFile, "-b", "/b", "web");

  expect(stderr).toMatch(/^plimsoll-runc: container web: .*\/proc\/4194304/);
});
