import { expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { untilAnswered } from "../../../../provisioner/serve/until-answered.ts";
import { SetClock } from "../../../support/networks.ts";
import { recordLog } from "../../../support/record-log.ts";

const NEVER = new AbortController().signal;

class HastyClock extends SetClock {
  override sleep(): Promise<void> {
    return Promise.resolve();
  }
}

/** Answers from the given time on. */
function storeOf(answersAt: number): {
  readonly asked: string[];
  readonly isShared: true;
  get(key: string): Promise<undefined>;
} {
  const asked: string[] = [];
  return {
    asked,
    isShared: true,
    get: async (key) => {
      if (asked.push(key) < answersAt) throw new PlimsollError("STORE", "store s: cannot be reached");
      return undefined;
    },
  };
}

test("a store that answers later is waited for, and told of once", async () => {
  const [store, log] = [storeOf(4), recordLog()];
  await untilAnswered(store, new HastyClock(), log, NEVER);

  expect(store.asked).toHaveLength(4);
  expect(log.lines).toMatchObject([
    { fields: { problem: "store s: cannot be reached" }, message: "the store does not answer yet" },
  ]);
});

test("not by whoever is told to end, nor for a file of this host", async () => {
  const store = storeOf(Number.POSITIVE_INFINITY);
  const stop = new AbortController();
  const clock = new HastyClock();
  clock.sleep = async () => stop.abort();
  await untilAnswered(store, clock, recordLog(), stop.signal);
  expect(store.asked).toHaveLength(1);

  await untilAnswered({ ...store, isShared: false }, clock, recordLog(), NEVER);
  expect(store.asked).toHaveLength(1);
});
