import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  decodeRequest,
  digestOf,
  encodeRequest,
  findRequest,
  forgetRequests,
  type RequestRecord,
  requestKey,
} from "../../../../provisioner/operations/requests.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const RECORD: RequestRecord = {
  ...{ id: "r1", kind: "create", digest: "d", begunMs: 1, endedMs: 5 },
  results: [{ name: "web", state: "undone", error: "it broke" }],
};

test("equal for the same request, whatever the order of its fields, and for none that differs", () => {
  const digest = digestOf({ kind: "stop", names: ["a"] });

  expect(digestOf({ names: ["a"], kind: "stop", ip: undefined })).toBe(digest);
  expect(digestOf({ kind: "stop", names: ["b"] })).not.toBe(digest);
});

test("what is written is read", () => {
  const value = JSON.parse(JSON.stringify(encodeRequest(RECORD)));

  expect(decodeRequest({ name: "s" }, { key: requestKey("h1", "r1"), value })).toEqual(RECORD);
  expect(() => decodeRequest({ name: "s" }, { key: "k", value: { ...value, results: 7 } })).toThrow(
    "results",
  );
});

test("one that has ended is forgotten after a while, one that runs is not", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const running = { ...RECORD, id: "r2", endedMs: undefined };
  const put = [RECORD, running].map((each) => ({
    key: requestKey("h1", each.id),
    value: encodeRequest(each),
  }));
  await store.transact({ expect: [], put });

  await forgetRequests(store, "h1", 5);
  expect(await findRequest(store, "h1", "r1")).toEqual(RECORD);
  await forgetRequests(store, "h1", 6);

  expect(await findRequest(store, "h1", "r1")).toBeUndefined();
  expect(await findRequest(store, "h1", "r2")).toEqual(running);
});
