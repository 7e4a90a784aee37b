import { expect, test } from "vitest";
import { HangGuard } from "../../../agent/hang-guard.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";

/** An operation that is answered when the test says so. */
function operation(): {
  run: () => Promise<string>;
  answer: (text: string) => void;
  fail: (error: Error) => void;
  runs: () => number;
} {
  let runs = 0;
  const { promise, resolve, reject } = withResolvers();
  return {
    run: () => {
      runs += 1;
      return promise;
    },
    answer: resolve,
    fail: reject,
    runs: () => runs,
  };
}

function withResolvers(): {
  promise: Promise<string>;
  resolve: (text: string) => void;
  reject: (error: Error) => void;
} {
  let resolve: (text: string) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<string>((onAnswer, onError) => {
    resolve = onAnswer;
    reject = onError;
  });
  return { promise, resolve, reject };
}

function open(slots = 2): { clock: ManualClock; guard: HangGuard } {
  const clock = new ManualClock();
  return { clock, guard: new HangGuard({ clock, slots, deadlineMs: 1000 }) };
}

test("passes answers and errors on", async () => {
  const { guard } = open();

  expect(await guard.run("/a", async () => "text")).toBe("text");
  await expect(guard.run("/a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(guard.stuck()).toEqual([]);
});

test("past its deadline an operation is stuck, and its path is not tried again until it answers", async () => {
  const { clock, guard } = open();
  const hung = operation();
  const first = guard.run("/a", hung.run);
  first.catch(() => {});
  await clock.advance(1000);
  await expect(first).rejects.toMatchObject({ code: "STUCK", message: "/a: no answer within 1000 ms" });
  expect(guard.stuck()).toEqual(["/a"]);

  await expect(guard.run("/a", hung.run)).rejects.toMatchObject({ code: "STUCK" });
  expect(hung.runs()).toBe(1);
  expect(await guard.run("/b", async () => "other")).toBe("other");

  hung.fail(new Error("at last"));
  await settle();
  expect(guard.stuck()).toEqual([]);
  expect(await guard.run("/a", async () => "again")).toBe("again");
});

test("never two operations on one path, in time or not", async () => {
  const { guard } = open();
  const slow = operation();
  const first = guard.run("/a", slow.run);
  await expect(guard.run("/a", slow.run)).rejects.toMatchObject({ code: "STUCK" });
  slow.answer("text");

  expect(await first).toBe("text");
  expect(slow.runs()).toBe(1);
});

test("no more operations than slots run at a time; the others wait their turn", async () => {
  const { guard } = open(1);
  const first = operation();
  const second = operation();
  const answers = Promise.all([guard.run("/a", first.run), guard.run("/b", second.run)]);
  await settle();
  expect(second.runs()).toBe(0);
  first.answer("a");
  second.answer("b");

  expect(await answers).toEqual(["a", "b"]);
});

test("with every slot stuck whoever waits is refused at once, until one comes free", async () => {
  const { clock, guard } = open(1);
  const hung = operation();
  const first = guard.run("/a", hung.run);
  const waiting = guard.run("/b", async () => "b");
  for (const promise of [first, waiting]) promise.catch(() => {});
  await clock.advance(1000);

  await expect(waiting).rejects.toThrow("/b: every reader is stuck");
  await expect(guard.run("/c", async () => "c")).rejects.toThrow("/c: every reader is stuck");
  hung.answer("late");
  await settle();
  expect(await guard.run("/b", async () => "b")).toBe("b");
});
