import { expect, test } from "vitest";
import { batchRows, renderLeft, viewBatch } from "../../../../provisioner/fleet/batch-views.ts";
import type { BatchPart, JudgedBatch } from "../../../../provisioner/fleet/batches.ts";

function batchOf(...states: readonly BatchPart["state"][]): JudgedBatch {
  const parts = states.map((state, index) => {
    const host = `h${index + 1}`;
    return { host, ask: host, names: [`web-${index + 1}`], state };
  });
  return { id: "3f2a", parts, fenced: [], revision: 1 };
}
const HOSTS = [
  { name: "h1", state: "ready" },
  { name: "h2", state: "lost" },
] as const;

test("what one host has made waits for what another has not said", () => {
  const view = viewBatch(batchOf("done", undefined), HOSTS);

  expect(view.parts.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  expect(batchRows(view)).toEqual([
    ["3f2a", "making", "h1", "ready", "made", "web-1"],
    ["3f2a", "making", "h2", "lost", "pending", "web-2"],
  ]);
  expect(renderLeft(view)).toEqual([
    "web-1 on h1 (ready): stays",
    "web-2 on h2 (lost): as h2 has it, now or when it returns",
  ]);
});

test("where one has made nothing the others are waited for to take theirs back", () => {
  const view = viewBatch(batchOf("failed", "done", "undone"), HOSTS);

  expect(view).toMatchObject({
    state: "taking-back",
    parts: [{ isOpen: false }, { isOpen: true }, { isOpen: false, hostState: null }],
  });
  expect(renderLeft(view)).toEqual(["web-2 on h2 (lost): stays"]);
  expect(renderLeft(viewBatch(batchOf("done", "failed"), HOSTS))).toEqual([
    "web-1 on h1 (ready): stays, unless h1 is at taking it back",
  ]);
});
