import fc from "fast-check";
import { expect, test } from "vitest";
import { TableReplica } from "../../../../provisioner/ovsdb/table-replica.ts";

const open = (): TableReplica => new TableReplica({ Port: ["name"], Interface: ["name"] });

test("rows are inserted, changed and deleted", () => {
  const replica = open();
  replica.replace({ Port: { a: { new: { name: "c1", tag: 100 } }, b: { new: { name: "c2", tag: 200 } } } });

  replica.apply({
    Port: { a: { old: { tag: 100 }, new: { name: "c1", tag: 300 } }, b: { old: { name: "c2" } } },
  });

  expect([...replica.rows("Port")]).toEqual([["a", { name: "c1", tag: 300 }]]);
  expect(replica.rows("Interface").size).toBe(0);
});

test("a new dump forgets what it does not have", () => {
  const replica = open();
  replica.apply({ Port: { a: { new: { name: "c1" } } } });

  replica.replace({ Interface: { i: { new: { name: "c1" } } } });

  expect(replica.rows("Port").size).toBe(0);
  expect(replica.rows("Interface").size).toBe(1);
});

test("after any updates it holds what a dump would", () => {
  const change = fc.record({ uuid: fc.constantFrom("a", "b", "c"), name: fc.option(fc.string()) });

  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const replica = open();
      const model = new Map<string, object>();
      for (const { uuid, name } of changes) {
        replica.apply({ Port: { [uuid]: name === null ? { old: {} } : { new: { name } } } });
        if (name === null) model.delete(uuid);
        else model.set(uuid, { name });
      }
      expect(new Map(replica.rows("Port"))).toEqual(model);
    }),
  );
});

test("what is no update is told", () => {
  const prefix = "ovsdb sent a malformed update: ";
  expect(() => open().apply([])).toThrow(`${prefix}table updates that is not an object`);
  expect(() => open().apply({ Port: 1 })).toThrow(`${prefix}Port that is not an object`);
  expect(() => open().apply({ Port: { a: 1 } })).toThrow(`${prefix}a row that is not an object`);
  expect(() => open().apply({ Bridge: {} })).toThrow(`${prefix}of the table Bridge, which is not monitored`);
  expect(() => open().rows("Bridge")).toThrow("BUG: the table Bridge is not monitored");
});
