import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NotFoundError, UsageError } from "../../../core/runtime/errors.ts";
import { ctCommand } from "../../../provisioner/ct-command.ts";
import { encodeMachine, machineKey, nameKey } from "../../../provisioner/machines/documents.ts";
import { createNetwork } from "../../../provisioner/networks/networks.ts";
import { openStore } from "../../../provisioner/store/open.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { MACHINE } from "../../support/machine-model.ts";
import { SetClock, specOf } from "../../support/networks.ts";
import { runCommand } from "../../support/run-command.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let options: readonly string[];
beforeAll(async () => {
  const folder = cleanup.temporaryFolder();
  const path = join(folder, "state.db");
  writeFileSync(
    join(folder, "host.json"),
    JSON.stringify({ name: "h1", docker: join(folder, "docker.sock") }),
  );
  options = ["--store", path, "--config", join(folder, "host.json")];
  const store = await openStore(path);
  await createNetwork(store, new SetClock(), specOf({ name: "front" }));
  await store.transact({
    expect: [],
    put: [
      { key: machineKey(MACHINE.id), value: encodeMachine({ machine: MACHINE, host: "h2", createdMs: 0 }) },
      { key: nameKey("web"), value: { id: MACHINE.id } },
    ],
  });
  await store.close();
});

/** What `plimsoll ct …` prints. */
async function ct(...args: readonly string[]): Promise<string> {
  return (await runCommand(ctCommand(new AbortController().signal), [...args, ...options])).text;
}

test("what is on another host is in the list, in a state that nobody here knows", async () => {
  expect((await ct("list")).split("\n")[1]).toMatch(
    /^web +- +unknown +container +0\.5 +512 MiB +1 GiB +front +debian:12 +h2$/,
  );
  expect(JSON.parse(await ct("show", "web", "--json"))).toMatchObject({
    id: MACHINE.id,
    ip: null,
    state: "unknown",
  });
  expect(await ct("show", "web")).toContain("\nlabels:         team=shop\n");
});

const CREATE = ["create", "x", "--image", "i", "--net", "front"];

test.for([
  [["show", "nobody"], NotFoundError, "container nobody: not found"],
  [["exec", "web", "true"], NotFoundError, "is on host h2"],
  [["create", "X", "--image", "i", "--net", "front"], UsageError, "NAME"],
  [[...CREATE, "--memory", "1"], UsageError, "--memory"],
  [[...CREATE, "--on", "h2"], UsageError, "store of many hosts"],
  [[...CREATE, "--host-label", "ssd"], UsageError, "--host-label: ssd is not NAME=VALUE"],
  [["move-plan", "web", "--to", "h2"], NotFoundError, "host h2: not in the fleet"],
  [[...CREATE, "--count", "0"], UsageError, "--count"],
  [[...CREATE, "--count", "1000"], UsageError, "--count"],
  [[...CREATE, "--count", "2", "--ip", "10.0.0.7"], UsageError, "--ip"],
  [["resize", "web"], UsageError, "one of --cpus, --memory and --disk"],
  [["logs", "web", "--tail", "few"], UsageError, "--tail"],
  [["logs", "web"], NotFoundError, "is on host h2"],
] as const)("%j is refused", async ([args, kind, message]) => {
  await expect(ct(...args)).rejects.toThrow(kind);
  await expect(ct(...args)).rejects.toThrow(message);
});

test("every sub-command has an example", () => {
  for (const command of ctCommand(new AbortController().signal).commands) {
    const written: string[] = [];
    command.configureOutput({ writeOut: (text) => void written.push(text) }).outputHelp();
    expect(written.join("")).toContain(`Examples:\n  $ plimsoll ct ${command.name()}`);
  }
});
