import { openSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openInFlight } from "../../../../lxcfs-shim/succession/in-flight.ts";
import { type Books, openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("the last request is found by the next server, and the notebook beside it is not in its way", () => {
  const folder = cleanup.temporaryFolder();
  const books: Books = [openSync(join(folder, "a"), "w+"), openSync(join(folder, "b"), "w+")];
  const notebook = openNotebook(books);
  const inFlight = openInFlight(books);
  expect(inFlight.read()).toBeUndefined();

  inFlight.record(Buffer.alloc(8192, "x"));
  notebook.put("key", Buffer.alloc(5 * 2 ** 20)); // begins an edition in the other file
  notebook.put("key", Buffer.alloc(5 * 2 ** 20));
  inFlight.record(Buffer.from("a short one"));

  expect(openInFlight(books).read()?.toString()).toBe("a short one");
  expect(openNotebook(books).get("key")).toHaveLength(5 * 2 ** 20);
});
