import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { startProcess } from "../../../../core/runtime/exec.ts";
import {
  heldDescriptors,
  holderEnd,
  retirePredecessor,
  tellHolder,
} from "../../../../lxcfs-shim/succession/held.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function start(...argv: readonly string[]) {
  const child = startProcess(argv, { stdio: ["ignore", "pipe", "ignore"] });
  cleanup.add("child", () => void child.kill("SIGKILL"));
  return child;
}

test("the descriptors are those that the holder opens", () => {
  expect(heldDescriptors(undefined)).toEqual({
    callers: { device: 3, books: [4, 5], predecessor: undefined },
    named: { device: 6, books: [7, 8], predecessor: undefined },
  });
  expect(heldDescriptors("4711")).toMatchObject({
    callers: { predecessor: 4711 },
    named: { predecessor: 4711 },
  });
});

test("a predecessor is gone once it is retired; one that went by itself is fine", async () => {
  const server = start("sleep", "60");
  await once(server, "spawn");
  await retirePredecessor(openHostRoot(), server.pid);
  await retirePredecessor(openHostRoot(), server.pid);
  await retirePredecessor(openHostRoot(), undefined);

  expect(server.signalCode ?? (await once(server, "exit"))[1]).toBe("SIGKILL");
});

test("the holder is told by a signal", async () => {
  const holder = start("sh", "-c", 'trap "exit 7" USR1; echo set; while :; do sleep 0.01; done');
  if (holder.stdout !== null) await once(holder.stdout, "data");
  tellHolder(holder.pid ?? 0);

  expect((await once(holder, "exit"))[0]).toBe(7);
});

test("a server whose parent is not the holder is an orphan", async () => {
  const signal = holderEnd(process.ppid + 1);
  const keepsAlive = setInterval(() => {}, 1000);
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(keepsAlive);

  expect(signal.reason).toBe("holder ended");
});
