import { expect, test } from "vitest";
import { readFacts } from "../../../agent/facts.ts";

test("this machine's inventory", async () => {
  expect(await readFacts()).toMatchObject({
    os: { platform: "linux", kernel: expect.stringMatching(/^\d+\.\d+/) },
    hardware: { cpus: expect.any(Number), memoryBytes: expect.any(Number) },
    virtualisation: { virtual: expect.any(Boolean) },
  });
});
