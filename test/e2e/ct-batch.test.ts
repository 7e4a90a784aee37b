import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { expectNothingLeft, snapshotHost } from "../support/leaks.ts";
import { ping } from "../support/ovs-lab.ts";

const SMALL = ["--image", IMAGE, "--fs", "ext4", "--disk", "32M", "--memory", "96M", "--cpus", "0.2"];

describeIf(...CT_LAB)("several machines in one request", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    await lab.plimsoll(
      "net",
      "create",
      "tight",
      "--vlan",
      "200",
      "--cidr",
      "10.20.0.0/29",
      "--gateway",
      "10.20.0.1",
    );
  });
  afterAll(() => cleanup.run());

  test("twenty are made, reach each other, and are destroyed together", async () => {
    const before = snapshotHost();
    const made = await lab.json("create", "web", "--net", "front", "--count", "20", ...SMALL);

    const names = Array.from({ length: 20 }, (_, index) => `web-${index + 1}`);
    expect(made.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(new Set(made.map(({ ip }) => ip)).size).toBe(20);
    expect(made.every(({ state, busy }) => state === "running" && busy === null)).toBe(true);
    const first = await lab.namespaceOf("web-1");
    for (const { ip } of made) expect(await ping(first, ip ?? "", { count: 1 })).toBe(1);

    const destroyed = await lab.ct("destroy", ...made.map(({ name }) => name));
    expect(destroyed).toMatchObject({ code: 0, stderr: "" });
    expect(await lab.json("list")).toEqual([]);
    await expectNothingLeft(before);
  });

  test("too few addresses for all: none is made, and none is held", async () => {
    const refused = await lab.ct("create", "web", "--net", "tight", "--count", "6", ...SMALL);

    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("6 addresses wanted, 5 free") });
    expect(await lab.json("list")).toEqual([]);
    expect((await lab.plimsoll("net", "addresses", "tight", "--json")).stdout).toBe("[]\n");
  });

  test("with --partial those stay that could be made", async () => {
    const kept = await lab.ct(
      "create",
      "some",
      "--net",
      "tight",
      "--count",
      "6",
      ...SMALL,
      "--partial",
      "--json",
    );

    expect(kept.code).toBe(1);
    expect(JSON.parse(kept.stdout)).toHaveLength(5);
    expect(kept.stderr).toMatch(/^error: container some-\d: network tight: 1 address wanted, 0 free/);
    const names = (await lab.json("list")).map(({ name }) => name);
    expect(names).toHaveLength(5);
    expect((await lab.ct("destroy", ...names)).code).toBe(0);
  });
});
