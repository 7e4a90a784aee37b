import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { errorLine } from "../../../core/runtime/errors.ts";
import { VIEW_KEYS } from "../../../lxcfs-shim/parse-view-options.ts";
import { readServeOptions, readViewOptions, type ServeFlags } from "../../../lxcfs-shim/serve-options.ts";
import { DEFAULT_VIEW_OPTIONS } from "../../../lxcfs-shim/view/view-options.ts";
import { Cleanup } from "../../support/cleanup.ts";

const DEV_FUSE = { kind: "dev-fuse" };

const cleanup = new Cleanup();

afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanup.run();
});

function configFile(text: string): string {
  const path = join(cleanup.temporaryFolder(), "shim.yaml");
  writeFileSync(path, text);
  return path;
}

const refusal = (flags: ServeFlags): Promise<string> =>
  readServeOptions(flags).then(() => "accepted", errorLine);

test("flag before environment before file before default", async () => {
  const config = configFile("mount: /from/file\nlogLevel: error\n");

  expect(await readServeOptions({ mount: "/m" })).toEqual({
    mount: "/m",
    containersMount: undefined,
    names: "/var/lib/plimsoll/names",
    transport: DEV_FUSE,
    logLevel: "info",
    view: DEFAULT_VIEW_OPTIONS,
    freshnessMs: 100,
    recovery: "resend",
  });
  expect(await readServeOptions({ config })).toMatchObject({ mount: "/from/file", logLevel: "error" });

  vi.stubEnv("PLIMSOLL_SHIM_LOG_LEVEL", "debug");
  expect(await readServeOptions({ config })).toMatchObject({ mount: "/from/file", logLevel: "debug" });
  expect(await readServeOptions({ config, logLevel: "trace", mount: "/m" })).toMatchObject({
    mount: "/m",
    logLevel: "trace",
  });

  vi.stubEnv("PLIMSOLL_SHIM_CONFIG", configFile('{"mount": "/from/json"}'));
  expect(await readServeOptions({})).toMatchObject({ mount: "/from/json" });
});

test("what is wrong is named with where it was said", async () => {
  const unknown = configFile("mount: /m\nfreshnes: 1s\n");
  const number = configFile("mount: [7]\n");

  expect(await refusal({})).toMatch(/^no directory to mount on \(hint: /);
  expect(await refusal({ mount: "" })).toMatch(/^no directory to mount on/);
  expect(await refusal({ mount: "/m", logLevel: "loud" })).toBe(
    '--log-level: "loud" is not a log level (hint: one of error, warn, info, debug, trace)',
  );
  expect(await refusal({ config: unknown })).toBe(
    `configuration ${unknown}:2:1: unknown option "freshnes" (hint: known are mount, containersMount, names, transport, containerPid, logLevel, freshness, recovery, ${VIEW_KEYS.join(", ")}, containers)`,
  );
  expect(await refusal({ config: number })).toBe(`configuration ${number}:1:1: mount must be a text`);
  expect(await refusal({ config: "/nowhere.yaml" })).toMatch(
    /^configuration \/nowhere.yaml: cannot be read: ENOENT/,
  );

  vi.stubEnv("PLIMSOLL_SHIM_LOG_LEVEL", "quiet");
  expect(await refusal({ mount: "/m" })).toMatch(/^PLIMSOLL_SHIM_LOG_LEVEL: "quiet" is not a log level/);
});

test.each([
  ["", '"" is not a directory'],
  ["/srv/shim", "/srv/shim and the first mount, /srv/shim, are one within the other"],
  ["/srv/shim/names/", "/srv/shim/names/ and the first mount, /srv/shim, are one within the other"],
  ["/srv", "/srv and the first mount, /srv/shim, are one within the other"],
])("--containers-mount %j beside --mount /srv/shim is refused", async (containersMount, why) => {
  expect(await refusal({ mount: "/srv/shim", containersMount })).toContain(`--containers-mount: ${why}`);
});

test("two mounts beside each other", async () => {
  const flags = { mount: "/srv/shim", containersMount: "/srv/shim-names" };
  expect(await readServeOptions(flags)).toMatchObject(flags);
});

test("what containers see is the same for serve and render, and the file may make exceptions", async () => {
  const config = configFile("mount: /m\nswap: off\ncontainers:\n  /docker/*:\n    cpus: cpuset\n");
  const view = await readViewOptions({ config });

  expect(view).toEqual((await readServeOptions({ config })).view);
  expect(view.exceptions).toMatchObject([
    { cgroup: "/docker/*", choices: { cpus: "cpuset", swap: "off", loadavg: true } },
  ]);
});

test("fuse-native goes with a process of its one container, dev-fuse without", async () => {
  const native = { mount: "/m", transport: "fuse-native" };
  const config = configFile("mount: /m\ntransport: fuse-native\ncontainerPid: 4711\n");
  const expected = { transport: { kind: "fuse-native", containerPid: 4711 } };

  expect(await readServeOptions({ ...native, containerPid: "4711" })).toMatchObject(expected);
  expect(await readServeOptions({ config })).toMatchObject(expected);
  expect(await refusal(native)).toMatch(/^the transport fuse-native serves one container \(hint: /);
  expect(await refusal({ ...native, containerPid: "0" })).toBe('--container-pid: "0" is not a process id');
  expect(await refusal({ mount: "/m", containerPid: "1" })).toMatch(
    /^--container-pid: only for the transport/,
  );
  expect(await refusal({ mount: "/m", transport: "libfuse" })).toBe(
    '--transport: "libfuse" is not a transport (hint: one of dev-fuse, fuse-native)',
  );
});
