import { afterEach, expect, test } from "vitest";
import { openProvisionerClient } from "../../../../collector/lifecycle/provisioner-client.ts";
import { ProvisionerFollower } from "../../../../collector/lifecycle/provisioner-follower.ts";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { MACHINE } from "../../../support/machine-model.ts";
import { type ProvisionerApi, startProvisionerApi } from "../../../support/provisioner-api.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function follow({ socket, ip }: Pick<ProvisionerApi, "socket" | "ip">) {
  const [data, log] = [await openTestData(systemClock), recordLog()];
  const follower = new ProvisionerFollower({
    ...{ ...data, name: socket, clock: systemClock, log },
    client: openProvisionerClient(socket),
  });
  const stop = new AbortController();
  const running = follower.run(stop.signal);
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
    await data.close();
  };
  cleanup.add("follower", close);
  const events = () => {
    data.commits.flush();
    return data.timeline.list(ip, { fromMs: 0, toMs: 1e15, limit: 100 });
  };
  return { follower, data, log, events };
}

test("what was asked for, at once and after each change; every event once, also over a restart", async () => {
  const provisioner = await startProvisionerApi(cleanup);
  await provisioner.finish("create", {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { follower, events, log } = await follow(provisioner);
  const { ip } = provisioner;
  await waitFor("the list", () => follower.isConnected);
  expect(follower.requested.get(ip)).toEqual({ cpu: 0.5, memory: 512 * 2 ** 20, disk: 2 ** 30 });
  await provisioner.finish("resize", { limits: { ...MACHINE.limits, cpus: 2 } });
  await waitFor("the event", () => events().length === 1);
  expect(events()).toMatchObject([{ kind: "machine-resize", detail: { state: "done" } }]);
  expect(follower.requested.get(ip)?.cpu).toBe(2);

  await provisioner.restart();
  await provisioner.finish("rebuild", {});
  await waitFor("the next one", () => events().length > 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events().map(({ kind }) => kind)).toEqual(["machine-resize", "machine-rebuild"]);
  expect(log.lines.filter(({ message }) => message.includes("event"))).toEqual([]);
});

test("one that is destroyed gives up its address", async () => {
  const provisioner = await startProvisionerApi(cleanup);
  const { ip } = provisioner;
  const { follower, data, events } = await follow(provisioner);
  data.inventory.observe(ip, undefined);
  await waitFor("the list", () => follower.isConnected);
  await provisioner.finish("destroy", "gone");
  await waitFor("the end", () => data.inventory.current(ip)?.ended?.why === "destroyed");
  expect(events().map(({ kind }) => kind)).toEqual(["first-seen", "machine-destroy"]);
  expect(follower.requested.size).toBe(0);
});

test("one that is away is told of once", async () => {
  const { follower, log } = await follow({ socket: "/nowhere/provisioner.sock", ip: "10.0.0.7" });
  await waitFor("the warning", () => log.lines.length > 0);
  expect([follower.isConnected, log.lines.map(({ message }) => message)]).toEqual([
    false,
    ["provisioner does not answer"],
  ]);
});
