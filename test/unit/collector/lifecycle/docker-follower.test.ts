import { expect, test } from "vitest";
import type {
  Container,
  ContainerEvent,
  DockerEngine,
} from "../../../../collector/lifecycle/docker-engine.ts";
import { DockerFollower } from "../../../../collector/lifecycle/docker-follower.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock, settle } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const IP = "10.0.0.7";
const WEB: Container = { id: "a", name: "web", image: "i", ip: IP, isRunning: true };

/** An engine whose containers and events the test decides; `hangUp` ends the stream as a restarted engine does. */
function fakeEngine() {
  const engine = {
    containers: [WEB] as Container[],
    isAway: false,
    say: (_: ContainerEvent): void => {},
    hangUp: (): void => {},
  };
  const real: DockerEngine = {
    list: async () => {
      if (engine.isAway) throw new Error("no answer");
      return engine.containers;
    },
    events: async function* () {
      const waiting: ContainerEvent[] = [];
      let wake = (): void => {};
      let isOver = false;
      engine.say = (event) => {
        waiting.push(event);
        wake();
      };
      engine.hangUp = () => {
        isOver = true;
        wake();
      };
      for (;;) {
        for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event;
        if (isOver) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close: async () => {},
  };
  return { engine, real };
}

async function open() {
  const { engine, real } = fakeEngine();
  const [clock, log] = [new ManualClock(), recordLog()];
  const data = await openTestData(clock);
  const follower = new DockerFollower({ name: "sock", engine: real, timeline: data.timeline, clock, log });
  const stop = new AbortController();
  const ended = follower.run(stop.signal);
  await settle();
  let atMs = clock.nowMs();
  const say = async (action: string, attributes = {}, id = "a"): Promise<void> => {
    engine.say({ id, action, atMs: ++atMs, attributes });
    await settle();
  };
  const events = () => {
    data.commits.flush();
    return data.timeline
      .list(IP, { fromMs: 0, toMs: 1e15, limit: 99 })
      .map(({ kind, detail }) =>
        [kind, detail.exitCode ?? detail.state ?? detail.missed ?? ""].join(" ").trim(),
      );
  };
  const close = async (): Promise<void> => {
    stop.abort();
    engine.hangUp();
    await ended;
    await data.close();
  };
  return { engine, clock, log, follower, say, events, close };
}

test("what a container does is part of its machine's history; what was there before is not news", async () => {
  const { follower, say, events, close } = await open();
  expect([follower.isConnected, follower.isRunning(IP), follower.isRunning("10.0.0.8")]).toEqual([
    ...[true, true, undefined],
  ]);
  await say("exec_start: sh");
  await say("health_status: unhealthy");
  await say("oom");
  await say("die", { exitCode: "137" });
  expect(follower.isRunning(IP)).toBe(false);
  await say("destroy");
  expect(follower.isRunning(IP)).toBe(false);
  await say("create", { "plimsoll.ip": IP, name: "web" }, "b");
  await say("start", {}, "b");
  expect(follower.isRunning(IP)).toBe(true);
  expect(events()).toEqual([
    "container-health_status unhealthy",
    "container-oom",
    "container-die 137",
    "container-destroy",
    "container-create",
    "container-start",
  ]);
  expect(follower.counts.get(`${IP} oom`)).toEqual({ ip: IP, event: "oom", count: 1 });
  await close();
});

test("what happened while nobody listened is found by listing", async () => {
  const { engine, clock, log, follower, events, close } = await open();
  engine.isAway = true;
  engine.hangUp();
  await clock.advance(10_000);
  expect([follower.isConnected, follower.isRunning(IP)]).toEqual([false, undefined]);
  engine.isAway = false;
  engine.containers = [{ ...WEB, isRunning: false, ip: undefined }];
  await clock.advance(60_000);
  expect(follower.isRunning(IP)).toBe(false);
  engine.hangUp();
  engine.containers = [];
  await clock.advance(60_000);
  expect(follower.isRunning(IP)).toBe(false);
  expect(events()).toEqual(["container-die found by listing", "container-destroy found by listing"]);
  expect(log.lines.map(({ message }) => message)).toEqual(["docker does not answer", "docker answers again"]);
  await close();
});
