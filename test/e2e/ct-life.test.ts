import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import { holderName, INSIDE } from "../../provisioner/executors/names.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE, NAME_SERVER } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { inNamespace, ping } from "../support/ovs-lab.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
/** A program that ends when it is told to, as PID 1 does only if it says so. */
const SERVE = ["sh", "-c", "trap 'exit 0' TERM; echo hello; while :; do sleep 0.1; done"];
const SMALL = ["--image", IMAGE, "--net", "front", "--fs", "xfs", "--disk", "300M", "--memory", "128M"];

describeIf(...CT_LAB)("a machine's life", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  let before: HostSnapshot;
  let web: MachineView;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    before = snapshotHost();
  });
  afterAll(() => cleanup.run());

  const show = (name: string): Promise<MachineView> => lab.json<MachineView>("show", name);

  test("created: it sees what it was promised, has its address, and says who it is", async () => {
    const changes = ["--cpus", "0.5", "--label", "team=shop", "--type", "db"];
    const planned = await lab.ct("create", "web", ...SMALL, ...changes, "--dry-run");
    expect(planned.lines.slice(0, 3)).toEqual([
      "web: reserve an address of network front",
      "web: create the holder of its network namespace",
      "web: start the holder",
    ]);
    expect(await lab.json("list")).toEqual([]);

    const [made] = await lab.json("create", "web", ...SMALL, ...changes);

    if (made === undefined) throw new Error("nothing was made");
    web = made;
    expect(web).toMatchObject({ name: "web", state: "running", busy: null, generation: 1, type: "db" });
    expect(await lab.inside("web", "free", "-m")).toMatch(/Mem: +128 /);
    expect(await lab.inside("web", "nproc")).toBe("1");
    expect(await lab.inside("web", "cat", "/proc/sys/kernel/hostname")).toBe("web");
    expect(await lab.inside("web", "cat", "/etc/hostname")).toBe("web");
    expect(await lab.inside("web", "cat", "/etc/hosts")).toContain(`\n${web.ip} web`);
    expect(await lab.inside("web", "cat", "/etc/resolv.conf")).toMatch(`nameserver ${NAME_SERVER}`);
    expect(JSON.parse(await lab.inside("web", "cat", "/etc/plimsoll/identity.json"))).toEqual({
      ...{ ip: web.ip, name: "web", id: web.id, type: "db", labels: { team: "shop" }, generation: 1 },
    });
    expect((await lab.ct("repair", "web", "--dry-run")).stdout).toBe("nothing to do\n");
  });

  test("its agent reports under its own address, through its own card", async () => {
    const series = await waitFor("a sample", async () => {
      const text = await lab.fetch(`${lab.collectorUrl}/metrics`);
      return text.split("\n").find((line) => line.startsWith("node_memory_MemTotal_bytes{"));
    });

    expect(series).toContain(`ip="${web.ip}"`);
    expect(series).toContain('team="shop"');
    expect(Number(series.split(" ")[1])).toBe(128 * MIB);
  });

  test("a card of the other kind on the same VLAN is reached, and data is kept", async () => {
    const [other] = await lab.json("create", "peer", ...SMALL, "--attach", "veth");
    await lab.inside("web", "sh", "-c", "echo kept > /data/file");

    expect(await ping(await lab.namespaceOf("peer"), web.ip ?? "")).toBe(3);
    expect(await ping(await lab.namespaceOf("web"), other?.ip ?? "")).toBe(3);
    expect((await lab.ct("destroy", "peer")).stdout).toBe("peer is gone\n");
  });

  test("stopped and started it keeps address, card and data", async () => {
    expect((await lab.ct("stop", "web")).stdout).toBe("web is stopped\n");
    expect(await show("web")).toMatchObject({ state: "stopped", power: "off", ip: web.ip });
    expect(await ping(await lab.namespaceOf("web"), "10.10.0.254")).toBe(3);
    expect((await lab.ct("exec", "web", "--", "nproc")).stderr).toBe(
      "error: container web: does not run (hint: plimsoll ct start web)\n",
    );
    expect((await lab.ct("start", "web")).stdout).toBe("web runs\n");
    expect((await lab.ct("restart", "web")).stdout).toBe("web runs again\n");

    expect(await show("web")).toMatchObject({ state: "running", ip: web.ip, mac: web.mac });
    expect(await lab.inside("web", "cat", "/data/file")).toBe("kept");
  });

  test("resized while it runs: the inside shows it at once", async () => {
    const wanted = ["--cpus", "2", "--memory", "256M", "--disk", "600M"];
    expect((await lab.ct("resize", "web", ...wanted, "--dry-run")).lines).toEqual([
      "web: grow the data volume from 300 MiB to 600 MiB",
      "web: change container 1 from 0.5 CPUs of 0, 128 MiB to 2 CPUs of 0-1, 256 MiB",
      "web: verify from inside",
    ]);

    expect((await lab.ct("resize", "web", ...wanted)).code).toBe(0);

    expect(await lab.inside("web", "nproc")).toBe("2");
    expect(await lab.inside("web", "free", "-m")).toMatch(/Mem: +256 /);
    // What df(1) asks; the image has none.
    const df = "const { blocks, bsize } = fs.statfsSync('/data'); blocks * bsize";
    expect(Number(await lab.inside("web", INSIDE.node, "-p", df))).toBeGreaterThan(500 * MIB);
    expect((await lab.ct("repair", "web", "--dry-run")).stdout).toBe("nothing to do\n");
    const smaller = await lab.ct("resize", "web", "--disk", "300M");
    expect(smaller).toMatchObject({ code: 1, stderr: expect.stringContaining("xfs cannot be made smaller") });
  });

  test("rebuilt it keeps name, address, MAC and data; one that does not work is taken back", async () => {
    expect((await lab.ct("rebuild", "web", "--image", IMAGE, "--", ...SERVE)).code).toBe(0);
    const rebuilt = await show("web");
    const failed = await lab.ct("rebuild", "web", "--image", IMAGE, "--", "sh", "-c", "echo no luck; exit 3");

    expect(rebuilt).toMatchObject({ generation: 2, ip: web.ip, mac: web.mac, command: SERVE });
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("it has ended: exit code 3: no luck"),
    });
    expect(await show("web")).toEqual(rebuilt);
    expect(await lab.inside("web", "cat", "/data/file")).toBe("kept");
    expect(JSON.parse(await lab.inside("web", "cat", "/etc/plimsoll/identity.json")).generation).toBe(2);
  });

  test("whatever was broken by hand is found and mended", async () => {
    await lab.switchHost.database.vsctl("del-port", `plim${web.id.replaceAll("-", "").slice(0, 11)}`);
    expect((await lab.ct("repair", "web", "--dry-run")).lines).toEqual([
      "web: plug a card into network front, internal",
      "web: set the address and announce it",
      "web: verify from inside",
    ]);
    expect((await lab.ct("repair", "web")).stdout).toBe("web is as it should be\n");
    expect(await ping(await lab.namespaceOf("web"), "10.10.0.254")).toBe(3);

    await lab.withEngine((engine) => engine.stopContainer(holderName({ id: web.id, name: "web" }), 0));
    expect((await lab.ct("repair", "web")).stdout).toBe("web is as it should be\n");

    expect(await ping(await lab.namespaceOf("web"), "10.10.0.254")).toBe(3);
    expect(await lab.inside("web", "cat", "/data/file")).toBe("kept");
    expect(await show("web")).toMatchObject({ ip: web.ip, mac: web.mac, generation: 2 });
  });

  test("what its program writes, and the exit code of a command", async () => {
    expect(await lab.ct("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7")).toMatchObject({
      ...{ code: 7, stdout: "out\n", stderr: "err\n" },
    });
    expect((await lab.ct("logs", "web", "--tail", "1")).stdout).toBe("hello\n");
  });

  test("a command is given input, and a terminal", async () => {
    const cat = lab.argv("ct", "exec", "-i", "web", "--", "cat");
    const shell = lab.argv(
      "ct",
      "exec",
      "-it",
      "web",
      "--",
      "sh",
      "-c",
      "[ -t 0 ] && echo it is $TERM; exit 7",
    );
    // script(1) has a terminal for what it runs, and its exit code. Its input does not end: the terminal would be told,
    // and an end that is typed before a terminal is raw is read from it as a NUL afterwards (n_tty).
    const quoted = shell.map((word) => `'${word}'`).join(" ");
    const endless = 'mkfifo "$1"; exec script -qec "$2" /dev/null <>"$1"';
    const terminal = ["sh", "-c", endless, "sh", join(lab.folder, "typed"), quoted];
    const env = { ...lab.env, TERM: "vt100" };

    expect((await exec(cat, { input: "hello\n", env })).stdout).toBe("hello\n");
    const { code, stdout } = await exec(terminal, { env, okCodes: [7] });
    expect([code, stdout.trim()]).toEqual([7, "it is vt100"]);
    expect(await lab.ct("exec", "-t", "web", "--", "sh")).toMatchObject({ code: 2 });
  });

  test("an address that a stranger has is given to nobody", async () => {
    await lab.switchHost.ip("address", "add", "10.10.0.200/24", "dev", "gw");
    const refused = await lab.ct("create", "late", ...SMALL, "--ip", "10.10.0.200");

    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/address 10\.10\.0\.200: in use by [\da-f:]{17}/),
    });
    expect((await lab.plimsoll("net", "addresses", "front")).stdout).toMatch(/10\.10\.0\.200 +conflict/);
    expect(await lab.json("list")).toHaveLength(1);
  });

  test("a name that is there, a name that is not, an image that nobody has", async () => {
    expect((await lab.ct("create", "web", ...SMALL)).stderr).toBe("error: container web: is there already\n");
    expect(await lab.ct("stop", "nobody")).toMatchObject({
      code: 3,
      stderr: "error: container nobody: not found\n",
    });
    const noImage = await lab.ct("create", "late", ...SMALL, "--image", "no-such-image:1");

    const ends = await lab.ct("create", "late", ...SMALL, "--", "sh", "-c", "echo no luck; exit 3");

    expect(ends.stderr).toBe("error: container late: it has ended: exit code 3: no luck\n");
    expect(noImage).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: container late: docker/),
    });
    expect(await lab.json("list")).toHaveLength(1);
  });

  test("destroyed: its address rests, and nothing is left of it", async () => {
    expect((await lab.ct("destroy", "web")).code).toBe(0);

    expect(await lab.json("list")).toEqual([]);
    expect((await lab.plimsoll("net", "addresses", "front")).stdout).toMatch(
      new RegExp(`${web.ip?.replaceAll(".", "\\.")} +quarantine +${web.id}`),
    );
    expect(await lab.withEngine((engine) => engine.listContainers("io.plimsoll.machine"))).toEqual([]);
    expect((await exec(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"])).stdout).not.toContain(
      lab.folder,
    );
    expect(await inNamespace(lab.switchHost.namespace, "ip", "-o", "link")).not.toContain("plim");
    expect(() => readFileSync(join(lab.folder, "machines", "volumes", `${web.id}.img`))).toThrow("ENOENT");
    await expectNothingLeft(before);
  });
});
