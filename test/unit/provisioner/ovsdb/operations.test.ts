import { expect, test } from "vitest";
import { requireAbsent } from "../../../../provisioner/ovsdb/operations.ts";

test("the guard waits for no row of that name, and not at all", () => {
  expect(requireAbsent("Port", "c1")).toEqual({
    op: "wait",
    table: "Port",
    where: [["name", "==", "c1"]],
    columns: ["name"],
    until: "==",
    rows: [],
    timeout: 0,
  });
});
