import { expect, test } from "vitest";
import { Probes } from "../../../../provisioner/drivers/probes.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const free = (): Promise<object> => Promise.resolve({});
const taken = (): Promise<{ takenBy: string }> => Promise.resolve({ takenBy: "02:00:00:00:00:09" });

test("what was begun is answered once; after that the wire is asked again", async () => {
  const probes = new Probes(new ManualClock());
  probes.begin("a", "10.0.0.1", taken);

  expect(await probes.take("a", "10.0.0.1", free)).toEqual({ takenBy: "02:00:00:00:00:09" });
  expect(await probes.take("a", "10.0.0.1", free)).toEqual({});
});

test("an answer for another address, an old one, and one from a card that is gone are none", async () => {
  const clock = new ManualClock();
  const probes = new Probes(clock);
  probes.begin("other", "10.0.0.1", taken);
  probes.begin("old", "10.0.0.2", taken);
  probes.begin("gone", "10.0.0.3", taken);
  probes.drop("gone");

  expect(await probes.take("other", "10.0.0.9", free)).toEqual({});
  expect(await probes.take("gone", "10.0.0.3", free)).toEqual({});
  await clock.advance(15_000);
  expect(await probes.take("old", "10.0.0.2", free)).toEqual({});
});

test("a question that fails is told to who takes the answer, and to nobody else", async () => {
  const probes = new Probes(new ManualClock());
  probes.begin("a", "10.0.0.1", () => Promise.reject(new Error("no such device")));
  probes.begin("nobody", "10.0.0.2", () => Promise.reject(new Error("no such device")));

  await expect(probes.take("a", "10.0.0.1", free)).rejects.toThrow("no such device");
});
