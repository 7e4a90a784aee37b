import { expect, test } from "vitest";
import { FairShare, STRANGERS } from "../../../../lxcfs-shim/session/fair-share.ts";

const BYTES = 2000;

/** Charges an owner for one of very many readers, each another process. */
function openShare() {
  const share = new FairShare();
  let pid = 1000;
  const charge = (owner: string, tookMs: number, nowMs: number, bytes: number = BYTES): number => {
    pid += 1;
    return share.charge({ owner, pid, tookMs, bytes, nowMs });
  };
  return { share, charge };
}

/** Past the first few: from here on the owner is a crowd. */
function crowd(charge: ReturnType<typeof openShare>["charge"], owner: string, nowMs: number): void {
  for (let count = 0; count < 9; count++) charge(owner, 0, nowMs);
}

/** Readers that ask again as soon as they are answered, as the kernel serves them: first come, first served. */
function simulate(readers: Readonly<Record<string, number>>, tookMs: number, seconds: number) {
  const share = new FairShare();
  const waits: Record<string, number[]> = Object.fromEntries(
    Object.keys(readers).map((owner) => [owner, []]),
  );
  const queue = Object.entries(readers).flatMap(([owner, count]) =>
    Array.from({ length: count }, (_, index) => ({ owner, pid: index, atMs: 0 })),
  );
  let nowMs = 0;
  while (nowMs < seconds * 1000) {
    const [next] = queue.splice(earliest(queue), 1);
    if (next === undefined) break;
    nowMs = Math.max(nowMs, next.atMs) + tookMs;
    const delayMs = share.charge({ ...next, tookMs, bytes: BYTES, nowMs });
    waits[next.owner]?.push(nowMs + delayMs - next.atMs);
    queue.push({ ...next, atMs: nowMs + delayMs });
  }
  return waits;
}

const earliest = (queue: readonly { readonly atMs: number }[]): number =>
  queue.reduce((best, { atMs }, index) => (atMs < (queue[best]?.atMs ?? 0) ? index : best), 0);

const median = (values: readonly number[] = []): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

test("one reader beside three hundred of another container is answered nearly as if it were alone", () => {
  const tookMs = 0.05;
  const waits = simulate({ hostile: 300, victim: 1 }, tookMs, 1);

  expect(median(waits.victim)).toBeLessThan(5 * tookMs);
  // Half of the time is the one's, the other half all the others'.
  expect(waits.victim?.length).toBeGreaterThan(0.4 * (1000 / tookMs));
  expect(waits.hostile?.length).toBeGreaterThan(0.4 * (1000 / tookMs));
});

test("alone, nobody is held back, whatever it takes", () => {
  expect(Math.max(...(simulate({ web: 50 }, 0.05, 1).web ?? []))).toBeLessThan(50 * 0.05 + 0.001);
});

test("a few readers are no crowd, and containers that are alike are not held back for what they take at once", () => {
  const waits = simulate({ busy: 8, victim: 1 }, 0.05, 1);
  expect(Math.max(...(waits.busy ?? []))).toBeLessThan(1);

  const { charge } = openShare();
  const delays = Array.from({ length: 1000 }, (_, index) => charge(`web${index % 100}`, 1, index));
  expect(Math.max(...delays)).toBe(0);
});

test("several crowds have one share together", () => {
  const waits = simulate({ one: 100, two: 100, three: 100, victim: 1 }, 0.05, 1);

  expect(median(waits.victim)).toBeLessThan(5 * 0.05);
  expect(waits.one?.length).toBeGreaterThan(0.05 * (1000 / 0.05));
});

test("a neighbour of some time ago is one no more", () => {
  const { charge } = openShare();
  charge("other", 0.01, 0);
  crowd(charge, "web", 14_000);
  charge("web", 45, 14_000);

  expect(charge("web", 5, 14_000)).toBeGreaterThan(0);
  expect(charge("web", 50, 15_500)).toBe(0);
});

test("strangers are neighbours of nobody; together they are one", () => {
  const { share, charge } = openShare();
  expect(share.isOver(STRANGERS)).toBe(false);
  crowd(charge, STRANGERS, 1);
  charge(STRANGERS, 45, 1);
  expect(share.isOver(STRANGERS)).toBe(true);

  crowd(charge, "web", 2);
  expect(charge("web", 50, 2)).toBe(0);
  expect(charge(STRANGERS, 1, 3)).toBeGreaterThan(0);
});

test("what waits is bounded: beyond that, answers are sent", () => {
  const { charge } = openShare();
  charge("victim", 0.01, 0);
  crowd(charge, "hostile", 0);
  const held = Array.from({ length: 200 }, () => charge("hostile", 50, 0, 2 ** 17) > 0);

  expect(held.filter(Boolean)).toHaveLength(64);
  expect(charge("hostile", 50, 1000, 2 ** 17)).toBeGreaterThan(0);
});

test("no answer waits for longer than a second, however many crowds there are", () => {
  const { charge } = openShare();
  const owners = Array.from({ length: 300 }, (_, index) => `web${index}`);
  for (const owner of owners) crowd(charge, owner, 0);

  expect(owners.map((owner) => charge(owner, 50, 1))).toEqual(owners.map(() => 1000));
});

test("who reads now and then, each time by another process, is no crowd", () => {
  const { charge } = openShare();
  const delays = Array.from({ length: 100 }, (_, index) => {
    charge("other", 0.01, 1100 * index);
    return charge("web", 45, 1100 * index);
  });

  expect(Math.max(...delays)).toBe(0);
});
