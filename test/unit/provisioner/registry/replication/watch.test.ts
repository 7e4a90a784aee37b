import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Hints } from "../../../../../provisioner/registry/replication/hints.ts";
import { watchRules } from "../../../../../provisioner/registry/replication/watch.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { waitFor } from "../../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("everything first, then what is hinted at alone, then everything again", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const hints = new Hints(store, systemClock);
  await hints.add(["from-before"]);
  const [runs, stop] = [[] as (readonly string[] | "all")[], new AbortController()];
  const watching = watchRules(3000, hints, systemClock, stop.signal, async (only) => {
    runs.push(only === undefined ? "all" : [...only]);
  });

  await waitFor("the first run", () => runs.length === 1);
  await waitFor("what was hinted at before", async () => (await hints.list()).length === 0);
  await Promise.all([hints.add(["a"]), hints.add(["b"])]);
  await waitFor("the hinted ones", () => runs.length >= 2);
  await waitFor("the next comparison", () => runs.filter((run) => run === "all").length === 2);
  stop.abort();
  await watching;
  expect(runs.slice(0, 3)).toEqual(["all", ["a", "b"], "all"]);
  expect(await hints.list()).toEqual([]);
});
