import { expect, test } from "vitest";
import { type Orphan, Orphans } from "../../../../provisioner/reconcile/orphans.ts";

const port: Orphan = { kind: "port", what: "plim6f1c", owner: "6f1c" };
const container: Orphan = { kind: "container", what: "4fa6c0ffee1234567890", owner: "6f1c" };

test("told at first sight, due when they were there all along", () => {
  const orphans = new Orphans(600);

  expect(orphans.see([port], 0)).toEqual({ fresh: [port], due: [] });
  expect(orphans.see([port, container], 300)).toEqual({ fresh: [container], due: [] });
  expect(orphans.lines).toEqual(["port plim6f1c of machine 6f1c", "container 4fa6c0ffee12 of machine 6f1c"]);
  expect(orphans.see([port, container], 600)).toEqual({ fresh: [], due: [port] });
});

test("one that was not there meanwhile is new", () => {
  const orphans = new Orphans(600);
  orphans.see([port], 0);
  orphans.see([], 300);

  expect(orphans.see([port], 600)).toEqual({ fresh: [port], due: [] });
});
