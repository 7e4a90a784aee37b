import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { reserveAddresses } from "../../../../provisioner/addresses/reserve.ts";
import { parseHostConfig } from "../../../../provisioner/host/config.ts";
import { createNetwork } from "../../../../provisioner/networks/networks.ts";
import { Reminder } from "../../../../provisioner/serve/reminder.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { startHttpReceiver } from "../../../support/http-receiver.ts";
import { MACHINE } from "../../../support/machine-model.ts";
import { ownerOf, SetClock, specOf } from "../../../support/networks.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("each day, of each machine of this host that is stopped on purpose", async () => {
  const clock = new SetClock();
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 200 }));
  const config = parseHostConfig("h", {
    name: "h1",
    collector: { url: `http://127.0.0.1:${receiver.port}` },
  });
  await createNetwork(store, clock, specOf({ name: "front" }));
  const claims = [1, 2, 3].map((number) => ({ owner: ownerOf(number), address: undefined }));
  const [lease] = await reserveAddresses(store, clock, "front", claims);
  const found = (number: number, power: "on" | "off", host: string) => ({
    machine: { ...MACHINE, id: ownerOf(number), power },
    ...{ host, createdMs: 0, revision: 1 },
  });
  const machines = [
    found(1, "off", "h1"),
    found(2, "on", "h1"),
    found(3, "off", "h2"),
    found(4, "off", "h1"),
  ];

  const reminder = new Reminder({ config, store, clock }, recordLog());
  await reminder.remind(machines);
  await reminder.remind(machines);
  expect(receiver.posts.map(({ path }) => path)).toEqual([`/api/v1/machines/${lease?.address}/announce`]);
  clock.now += 86_400_000;
  await reminder.remind(machines);

  expect(receiver.posts).toHaveLength(2);
  expect(JSON.parse(String(receiver.posts[1]?.body))).toMatchObject({ change: "stop", for: "7d" });
});
