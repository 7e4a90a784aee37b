import { expect, test } from "vitest";
import { renderTable } from "../../../provisioner/table.ts";

test("columns are as wide as their widest cell, lines end with their text", () => {
  const rows = [
    ["web", "100", ""],
    ["database", "1", "x"],
  ];

  expect(renderTable(["NAME", "VLAN", "NOTE"], rows)).toBe(
    "NAME      VLAN  NOTE\nweb       100\ndatabase  1     x\n",
  );
  expect(renderTable(["NAME"], [])).toBe("NAME\n");
});
