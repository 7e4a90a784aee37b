import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Deadline, type Hurry, hurryBy } from "../../../../provisioner/docker/deadline.ts";

const tell = (): Error => new Error("too late");

function hurry(): Hurry & { readonly ask: () => void } {
  const asking = new AbortController();
  return { signal: asking.signal, underWayMs: 5, afterMs: 10, ask: () => asking.abort() };
}

function reasonOf({ signal }: Deadline): Promise<string> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve((signal.reason as Error).message)),
  );
}

test("what is under way has a while from the moment somebody hurries", async () => {
  const asked = hurry();
  const deadline = new Deadline(asked, 0, tell);
  const reason = reasonOf(deadline);
  expect(deadline.signal.aborted).toBe(false);
  asked.ask();

  expect(await reason).toBe("too late");
});

test("what begins later has a while from its beginning, and what it is meant to take", async () => {
  const asked = hurry();
  asked.ask();
  const long = new Deadline(asked, 60_000, tell);

  expect(await reasonOf(new Deadline(asked, 0, tell))).toBe("too late");
  expect(long.signal.aborted).toBe(false);
  long.close();
});

test("what has ended listens no more", () => {
  const { signal } = new AbortController();
  const deadlines = Array.from({ length: 20 }, () => new Deadline(hurryBy(signal), 0, tell));
  expect(getEventListeners(signal, "abort")).toHaveLength(20);
  for (const deadline of deadlines) deadline.close();

  expect(getEventListeners(signal, "abort")).toEqual([]);
});
