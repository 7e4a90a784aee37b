import { expect, test } from "vitest";
import {
  decodeEvent,
  encodeEvent,
  eventKey,
  type MachineEvent,
} from "../../../../provisioner/events/documents.ts";

test.for<MachineEvent>([
  {
    atMs: 1_700_000_000_000,
    host: "h1",
    kind: "create",
    state: "done",
    name: "web",
    id: "6f1c",
    text: "made",
  },
  { atMs: 5, host: "h-2.example", kind: "orphan", state: "found" },
])("%j is read as it was written", (event) => {
  const value = JSON.parse(JSON.stringify(encodeEvent(event)));

  expect(decodeEvent({ name: "s" }, { key: eventKey(event, "3f2a"), value })).toEqual(event);
});

test("keys of one host are in the order of time", () => {
  const keys = [9, 10, 1_700_000_000_000].map((atMs) => eventKey({ host: "h1", atMs }, "x"));

  expect([...keys].sort()).toEqual(keys);
});
