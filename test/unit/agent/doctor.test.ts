import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { diagnose } from "../../../agent/doctor.ts";
import { type Flags, readOptions } from "../../../agent/options.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { startReceiver } from "../../support/remote-write-receiver.ts";

const cleanup = new Cleanup();
afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanup.run();
});

async function statesOf(flags: Flags): Promise<Record<string, string>> {
  const findings = await diagnose(() => readOptions(flags));
  return Object.fromEntries(findings.map(({ state, what }) => [what, state]));
}

test("what samples need is looked at, and what is well is said", async () => {
  const { url } = await startReceiver(cleanup);
  const folder = cleanup.temporaryFolder();
  const spool = join(folder, "spool");
  vi.stubEnv("PLIMSOLL_AGENT_INTERVALL", "1s");
  const states = await statesOf({ push: [url], ip: "10.0.0.7", spool });

  expect(states).toMatchObject({
    "configuration: none": "ok",
    "PLIMSOLL_AGENT_INTERVALL is not an option": "note",
    "identity: 10.0.0.7, as configured": "ok",
    [`${url} takes pushes`]: "ok",
    [`spool: ${spool}, to be made at the start`]: "ok",
  });
  expect(Object.keys(states).join("\n")).toMatch(/\d+ of \d+ sources answer/);
  expect(Object.keys(await statesOf({ push: [url], ip: "10.0.0.7", spool: folder })).join("\n")).toMatch(
    /spool: .*, \d+ MiB free/,
  );
});

test("what is wrong is said: a spool that cannot be, memory, a configuration", async () => {
  const { url } = await startReceiver(cleanup);
  const file = join(cleanup.temporaryFolder(), "file");
  writeFileSync(file, "");

  expect(await statesOf({ push: [url], spool: `${file}/x` })).toMatchObject({
    [`spool: ${file}/x can be neither made nor written`]: "wrong",
  });
  expect(await statesOf({ push: [url], spool: "none" })).toMatchObject({
    "spool: in memory, what a receiver has not taken ends with the process": "note",
  });
  expect(await statesOf({ push: [url], ip: "x" })).toEqual({ '--ip: "x" is not an IP address': "wrong" });
  expect(Object.keys(await statesOf({}))[0]).toMatch(/nowhere to push to/);
});
