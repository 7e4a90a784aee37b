import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NotFoundError } from "../../../../core/runtime/errors.ts";
import { encodeMachine, machineKey, nameKey } from "../../../../provisioner/machines/documents.ts";
import { listMachines, readMachine, readOurMachine } from "../../../../provisioner/machines/machines.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MACHINE } from "../../../support/machine-model.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("found by name, listed by name", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  for (const [id, name] of [
    ["1", "web"],
    ["2", "db"],
  ] as const) {
    const record = { machine: { ...MACHINE, id, name }, host: "h1", createdMs: 0 };
    await store.transact({
      expect: [],
      put: [
        { key: machineKey(id), value: encodeMachine(record) },
        { key: nameKey(name), value: { id } },
      ],
    });
  }

  expect((await readMachine(store, "web")).machine.id).toBe("1");
  expect((await listMachines(store)).map(({ machine }) => machine.name)).toEqual(["db", "web"]);
  await expect(readMachine(store, "cache")).rejects.toThrow(NotFoundError);
  expect((await readOurMachine(store, "web", "h1")).machine.id).toBe("1");
  await expect(readOurMachine(store, "web", "h2")).rejects.toMatchObject({
    ...{ code: "ELSEWHERE", message: "container web: is on host h1, this is h2" },
  });
});
