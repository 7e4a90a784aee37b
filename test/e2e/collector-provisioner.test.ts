import { afterEach, expect } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { testIf } from "../support/host.ts";
import { MACHINE } from "../support/machine-model.ts";
import { fleetSeries, pushFleet } from "../support/page-fleet.ts";
import { startProvisionerApi } from "../support/provisioner-api.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests assert
async function getJson(url: string): Promise<any> {
  return (await fetch(url)).json();
}

testIf()("what a provisioner is asked for is what capacity says was requested, event by event", async () => {
  const { ip, socket, finish } = await startProvisionerApi(cleanup);
  const flags = ["--listen", "127.0.0.1:0", "--trust", "any", "--data", cleanup.temporaryFolder()];
  const argv = programArgv("plimsoll-collector", "serve", ...flags, "--provisioner", socket);
  const program = startProgram(cleanup, argv);
  const { addresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  const url = `http://${addresses[0]}`;
  await pushFleet(
    url,
    fleetSeries({ ip, name: "web", business: "shop", cpu: 0.25, memory: 0.5, disk: 0.9 }, 60),
  );

  const requested = async (): Promise<unknown> => {
    const { groups } = await getJson(`${url}/api/v1/capacity?by=ip`);
    const resources: readonly { resource: string; requested: number }[] = groups[0]?.resources ?? [];
    return Object.fromEntries(resources.map((one) => [one.resource, one.requested]));
  };
  const expectRequested = async (wanted: object): Promise<void> => {
    const isTold = async (): Promise<boolean> => JSON.stringify(await requested()) === JSON.stringify(wanted);
    await waitFor(`requested ${JSON.stringify(wanted)}`, isTold, 40_000);
  };
  const [mib, gib] = [2 ** 20, 2 ** 30];
  await expectRequested({ cpu: 0.5, memory: 512 * mib, disk: gib });
  await finish("resize", { limits: { ...MACHINE.limits, cpus: 2, memoryBytes: gib } });
  await expectRequested({ cpu: 2, memory: gib, disk: gib });

  const page = await (await fetch(`${url}/metrics`)).text();
  expect(page).toContain(`plimsoll_requested_cpus{instance="${ip}",ip="${ip}"} 2\n`);
  expect(page).toMatch(/plimsoll_capacity_cpu_requested_cpus\{by="business",group="shop"\} 2\n/);
  const kinds = async (): Promise<readonly string[]> => {
    const { events } = await getJson(`${url}/api/v1/machines/${ip}/events`);
    return events.map(({ kind }: { kind: string }) => kind);
  };
  expect(await kinds()).toEqual(["first-seen", "machine-resize"]);
  await finish("destroy", "gone");
  const state = async (): Promise<boolean> =>
    (await getJson(`${url}/api/v1/machines/${ip}`)).state === "released";
  await waitFor("its release", state, 20_000);
  expect(await program.stop()).toBe(0);
});
