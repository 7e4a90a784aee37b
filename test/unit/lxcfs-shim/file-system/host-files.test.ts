import { afterAll, expect, test } from "vitest";
import {
  openHostFiles,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../../../lxcfs-shim/file-system/host-files.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const CPU = "sys/devices/system/cpu";

function newHost(): FakeHost {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write(`${CPU}/cpu0/topology/core_id`, "0\n");
  host.link(`${CPU}/cpu0/subsystem`, "../../../../bus/cpu");
  return host;
}

test("what is there, as what it is", () => {
  const files = openHostFiles(newHost().root);
  const kind = (path: string): number => (files.stat(path)?.mode ?? 0) & S_IFMT;

  expect(files.list(`${CPU}/cpu0`)).toEqual(
    expect.arrayContaining([
      { name: "subsystem", type: S_IFLNK },
      { name: "topology", type: S_IFDIR },
    ]),
  );
  expect([kind(CPU), kind(`${CPU}/online`), kind(`${CPU}/cpu0/subsystem`)]).toEqual([
    S_IFDIR,
    S_IFREG,
    S_IFLNK,
  ]);
  expect(files.stat(`${CPU}/cpu9`)).toBeUndefined();
  expect(Buffer.from(files.read(`${CPU}/online`)).toString()).toBe("0-3\n");
});

test("a walk finds everything and follows no link", () => {
  const host = newHost();
  host.link(`${CPU}/cpu0/loop`, "..");

  expect(
    [...openHostFiles(host.root).walk()].filter((path) => path.startsWith(`${CPU}/cpu0`)).sort(),
  ).toEqual([
    `${CPU}/cpu0`,
    `${CPU}/cpu0/loop`,
    `${CPU}/cpu0/subsystem`,
    `${CPU}/cpu0/topology`,
    `${CPU}/cpu0/topology/core_id`,
  ]);
});
