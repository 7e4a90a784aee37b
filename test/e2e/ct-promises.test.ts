import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { inNamespace } from "../support/ovs-lab.ts";
import { waitFor } from "../support/wait-for.ts";

const ADDRESS = "10.10.0.77";
const OTHERS = "10.10.0.200";
const FORMER_MAC = "02:00:00:00:00:99";
/** Cookies of the test's own flows, which let through what they count. */
const PROBES = "0x1";
const ANNOUNCEMENTS = "0x2";
const SMALL = ["--image", IMAGE, "--net", "front", "--fs", "ext4", "--disk", "32M", "--memory", "96M"];
const SAYS_WHAT_IT_SEES = ["sh", "-c", "free -m; nproc; trap 'exit 0' TERM; while :; do sleep 0.1; done"];

describeIf(...CT_LAB)("what a machine may count on, and others of it", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  let web: MachineView;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    // The lab asks once, to save time; without a word of it a host asks as the RFC has it.
    const file = join(lab.folder, "host.json");
    const { probe: _, ...config } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify(config));
    const arp = `arp,arp_tpa=${ADDRESS},actions=NORMAL`;
    await ofctl("add-flow", `cookie=${PROBES},priority=300,arp_spa=0.0.0.0,${arp}`);
    await ofctl("add-flow", `cookie=${ANNOUNCEMENTS},priority=300,arp_spa=${ADDRESS},${arp}`);
    const size = ["--ip", ADDRESS, "--cpus", "0.5"];
    const made = await lab.ct("create", "web", ...SMALL, ...size, "--json", "--", ...SAYS_WHAT_IT_SEES);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    [web] = JSON.parse(made.stdout);
  });
  afterAll(() => cleanup.run());

  async function ofctl(command: string, ...args: readonly string[]): Promise<string> {
    const bridge = `unix:${join(lab.switchHost.folder, "br0.mgmt")}`;
    return (await exec(["ovs-ofctl", "-O", "OpenFlow14", command, bridge, ...args])).stdout;
  }

  /** Packets of a flow; ovs-vswitchd counts them up a moment later. */
  async function packets(cookie: string): Promise<number> {
    return Number(/n_packets=(\d+)/.exec(await ofctl("dump-flows", `cookie=${cookie}/-1`))?.[1]);
  }

  test("its address is asked for three times before it is used, and announced twice (RFC 5227)", async () => {
    await waitFor("the announcements", async () => (await packets(ANNOUNCEMENTS)) >= 2);

    expect(await packets(PROBES)).toBe(3);
    expect(await packets(ANNOUNCEMENTS)).toBe(2);
  });

  test("its first process sees its own limits from the first look on", async () => {
    const { stdout } = await lab.ct("logs", "web");

    expect(stdout).toMatch(/^Mem: +96 /m);
    expect(stdout).toMatch(/^1$/m);
  });

  test("it may tell its neighbours where it is itself, and of nobody else's address", async () => {
    const inside = await lab.namespaceOf("web");
    const neighbour = async (address: string): Promise<string> =>
      lab.switchHost.ip("neighbour", "show", address, "dev", "gw");
    const announce = (address: string): Promise<string> =>
      inNamespace(inside, "arping", "-U", "-c", "2", "-I", "eth0", address);
    for (const address of [ADDRESS, OTHERS]) {
      const former = ["lladdr", FORMER_MAC, "nud", "stale"];
      await lab.switchHost.ip("neighbour", "replace", address, "dev", "gw", ...former);
    }
    await inNamespace(inside, "ip", "address", "add", `${OTHERS}/24`, "dev", "eth0");

    await announce(OTHERS);
    await announce(ADDRESS);

    expect(await neighbour(ADDRESS)).toContain(web.mac);
    expect(await neighbour(OTHERS)).toContain(FORMER_MAC);
  });

  test("it is never given less memory than it has in use", async () => {
    // What a file in memory has, the kernel cannot take back.
    await lab.inside("web", "sh", "-c", "head -c 70000000 /dev/zero > /run/much");

    const refused = await lab.ct("resize", "web", "--memory", "64M");

    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/of memory are in use, more than 64 MiB .*stop the container first/),
    });
    expect(await lab.inside("web", "free", "-m")).toMatch(/Mem: +96 /);
    await lab.inside("web", "sh", "-c", ": > /run/much");
    expect((await lab.ct("resize", "web", "--memory", "64M")).code).toBe(0);
    expect(await lab.inside("web", "free", "-m")).toMatch(/Mem: +64 /);
  });
});
