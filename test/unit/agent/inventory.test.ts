import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Facts } from "../../../agent/facts.ts";
import { Inventory, takeFacts } from "../../../agent/inventory.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";
import { sampleLines } from "../../support/source-context.ts";

const DAY_MS = 86_400_000;

const FACTS: Facts = {
  os: { distribution: "Debian GNU/Linux", uefi: false, hostname: "web" },
  hardware: { cpuModel: "", cpus: 4, memoryBytes: 8e9 },
  virtualisation: { virtual: true, host: "KVM" },
};

function open(take: () => Promise<Facts>, isOn = () => true) {
  const [clock, log, stop] = [new ManualClock(), recordLog(), new AbortController()];
  const inventory = new Inventory({ clock, log, isOn, random: () => 0.5, take });
  return { inventory, clock, log, stop, done: inventory.run(stop.signal) };
}

test("asked some minutes after the start, then daily; the last answer stands", async () => {
  let asked = 0;
  const { inventory, clock, log, stop, done } = open(async () => {
    asked++;
    return asked === 2 ? Promise.reject(new Error("no lsblk")) : FACTS;
  });
  expect(inventory.series(0)).toEqual([]);
  await clock.advance(209_999);
  expect(asked).toBe(0);
  await clock.advance(1);
  expect(inventory.series(0)).toHaveLength(5);
  await clock.advance(DAY_MS);
  expect(inventory.series(0)).toHaveLength(5);
  await clock.advance(DAY_MS);
  expect(asked).toBe(3);
  stop.abort();
  await done;

  expect(log.lines.map(({ fields }) => fields.problem)).toEqual(["no lsblk"]);
});

test("one that is not wanted is not asked, and is told no more", async () => {
  let isOn = false;
  let asked = 0;
  const { inventory, clock } = open(
    async () => {
      asked++;
      return FACTS;
    },
    () => isOn,
  );
  await clock.advance(DAY_MS);
  expect(asked).toBe(0);
  isOn = true;
  await clock.advance(DAY_MS);
  expect(asked).toBe(1);
  isOn = false;

  expect(inventory.series(0)).toEqual([]);
});

test("the end of the agent ends the question", async () => {
  const [clock, log, stop] = [new ManualClock(), recordLog(), new AbortController()];
  const take = (signal: AbortSignal): Promise<Facts> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("killed")));
    });
  const done = new Inventory({ clock, log, isOn: () => true, take }).run(stop.signal);
  await clock.advance(DAY_MS / 2);
  stop.abort();
  await settle();
  await done;

  expect(log.lines).toEqual([]);
});

test("texts are labels of one series each, numbers are series", async () => {
  const { inventory, clock } = open(async () => FACTS);
  await clock.advance(DAY_MS / 2);

  expect(sampleLines(inventory.series(1))).toEqual([
    "plimsoll_facts_hardware_cpus 4",
    "plimsoll_facts_hardware_info 1",
    "plimsoll_facts_hardware_memory_bytes 8000000000",
    'plimsoll_facts_os_info{distribution="Debian GNU/Linux",uefi="false"} 1',
    'plimsoll_facts_virtualisation_info{host="KVM",virtual="true"} 1',
  ]);
});

test("taken by another process, unless there is no room for one", async () => {
  const cleanup = new Cleanup();
  const program = join(cleanup.temporaryFolder(), "agent.mjs");
  writeFileSync(program, `console.log(process.argv[2] === "facts" ? '${JSON.stringify(FACTS)}' : "")`);
  const { signal } = new AbortController();
  try {
    expect(await takeFacts(signal, program)).toEqual(FACTS);
    await expect(takeFacts(signal, program, 64 * 2 ** 20)).rejects.toThrow("64 MiB left are not enough");
    await expect(takeFacts(AbortSignal.abort(), program)).rejects.toThrow("inventory: SIGKILL");
  } finally {
    await cleanup.run();
  }
});
