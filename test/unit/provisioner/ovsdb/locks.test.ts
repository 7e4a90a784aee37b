import { expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { Locks } from "../../../../provisioner/ovsdb/locks.ts";
import type { RpcConnection } from "../../../../provisioner/ovsdb/rpc-connection.ts";

/** Records the calls; `lock` says that another client has it. */
function connection(): RpcConnection & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    closed: new Promise(() => {}),
    close: () => {},
    call: async (method, params, _, parse) => {
      calls.push(`${method} ${params}`);
      if (params[0] === "broken") throw new PlimsollError("OVSDB_LOST", "lost");
      return parse({ locked: method === "steal" });
    },
  };
}

test("a stolen lock is not asked for again, one that waits is", async () => {
  const locks = new Locks(1000);
  const before = connection();
  const stolen = await locks.acquire("steal", "a", before, () => before);
  const waiting = await locks.acquire("lock", "b", before, () => before);
  locks.notified("stolen", "a");
  locks.notified("locked", "b");
  expect([stolen.isHeld, waiting.isHeld]).toEqual([false, true]);

  locks.lose();
  const after = connection();
  await locks.acquireAgain(after);

  expect(waiting.isHeld).toBe(false);
  expect(after.calls).toEqual(["lock b"]);
});

test("a request that failed is forgotten, and so is what was released without a connection", async () => {
  const locks = new Locks(1000);
  const rpc = connection();
  await expect(locks.acquire("lock", "broken", rpc, () => rpc)).rejects.toThrow("lost");
  const released = await locks.acquire("steal", "a", rpc, () => undefined);
  await released.release();
  locks.notified("locked", "a");

  await locks.acquireAgain(rpc);

  expect(released.isHeld).toBe(false);
  expect(rpc.calls).toEqual(["lock broken", "steal a"]);
});
