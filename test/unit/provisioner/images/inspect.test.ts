import { expect, test } from "vitest";
import { inspectLayers } from "../../../../provisioner/images/inspect.ts";
import { makeLayer, PRIVATE_KEY } from "../../../support/made-image.ts";

const dpkg = (...names: readonly string[]): string =>
  names.map((name) => `Package: ${name}\nVersion: 1\n`).join("\n");
const STATUS = "var/lib/dpkg/status";
const setuid = (name: string) => ({ name, mode: 0o4755 });

test("the uppermost of a file counts", async () => {
  const files = await inspectLayers([
    makeLayer([
      { name: STATUS, content: dpkg("base", "curl") },
      setuid("./bin/su"),
      { name: "bin/ls", mode: 0o755 },
    ]),
    makeLayer([
      { name: STATUS, content: dpkg("base") },
      { name: "bin/su", mode: 0o755 },
      setuid("bin/ls"),
      { name: "bin/wall", mode: 0o2755 },
    ]),
  ]);
  expect(files.packages.map(({ name }) => name)).toEqual(["base"]);
  expect(files.setuid).toEqual([
    { path: "bin/ls", mode: 0o4755 },
    { path: "bin/wall", mode: 0o2755 },
  ]);
});

test("what a layer removes is gone from those below, not from itself", async () => {
  const files = await inspectLayers([
    makeLayer([setuid("a/one"), setuid("a/two"), setuid("b/one"), setuid("c/deep/one"), setuid("d")]),
    makeLayer([
      { name: "a/.wh.one" },
      setuid("b/new"),
      { name: "b/.wh..wh..opq" },
      { name: ".wh.c" },
      setuid("c/new"),
      { name: "d", type: "5" },
    ]),
  ]);
  expect(files.setuid.map(({ path }) => path).sort()).toEqual(["a/two", "b/new", "c/new"]);
});

test("a file or a link in place of a folder hides what was in it", async () => {
  const files = await inspectLayers([
    makeLayer([setuid("opt/tool/bin/a"), setuid("lib/b")]),
    makeLayer([
      { name: "opt/tool", content: "a file" },
      { name: "lib", type: "2", linkTarget: "usr/lib" },
    ]),
  ]);
  expect(files.setuid).toEqual([]);
});

test("everything below the root can be removed", async () => {
  const files = await inspectLayers([
    makeLayer([setuid("a/b"), setuid("c")]),
    makeLayer([{ name: ".wh..wh..opq" }, setuid("d")]),
  ]);
  expect(files.setuid.map(({ path }) => path)).toEqual(["d"]);
});

test("the last of two entries of one layer counts", async () => {
  const files = await inspectLayers([makeLayer([setuid("a"), { name: "a" }, { name: "b" }, setuid("b")])]);
  expect(files.setuid.map(({ path }) => path)).toEqual(["b"]);
});

test("a secret that a later layer removes is still in the image", async () => {
  const below = makeLayer([
    { name: "root/key.pem", content: PRIVATE_KEY },
    { name: "bin", content: Buffer.from(`\0${PRIVATE_KEY}`) },
  ]);
  const files = await inspectLayers([below, makeLayer([{ name: "root/.wh.key.pem" }])]);
  expect(files.secrets).toEqual([{ path: "root/key.pem", kind: "private key", layer: below.digest }]);
});

test("apk, packages of a distroless image, and a database that cannot be read", async () => {
  const files = await inspectLayers([
    makeLayer([
      { name: "lib/apk/db/installed", content: "P:musl\nV:1\n" },
      { name: "var/lib/dpkg/status.d/a", content: dpkg("a") },
      { name: "var/lib/dpkg/status.d/b", content: dpkg("b") },
      { name: "var/lib/rpm/rpmdb.sqlite", content: "SQLite" },
    ]),
  ]);
  expect(files.packages.map(({ name }) => name)).toEqual(["musl", "a", "b"]);
  expect(files.unreadable).toEqual(["var/lib/rpm/rpmdb.sqlite"]);
});

test("entries that lead out of the root are told, and taken for nothing", async () => {
  const layer = makeLayer([
    { name: "../../etc/cron.d/x", mode: 0o4755 },
    { name: "hard", type: "1", linkTarget: "../../etc/shadow" },
    { name: "soft", type: "2", linkTarget: "../../etc/shadow" },
  ]);
  const files = await inspectLayers([layer]);
  expect(files.escapes.map(({ name }) => name)).toEqual(["../../etc/cron.d/x", "hard"]);
  expect(files.setuid).toEqual([]);
});

test("what is kept of an image has an end", async () => {
  const many = Array.from({ length: 40 }, (_, at) => ({ name: `a/file/${at}` }));
  const packages = Array.from({ length: 40 }, (_, at) => `p${at}`);
  await expect(inspectLayers([makeLayer(many)], 10_000)).resolves.toBeDefined();
  for (const layers of [
    [makeLayer(many), makeLayer(many)],
    [makeLayer([{ name: STATUS, content: dpkg(...packages) }, ...many])],
    [makeLayer(many.map(({ name }) => ({ name: `../${name}${"x".repeat(80)}` })))],
  ])
    await expect(inspectLayers(layers, 10_000)).rejects.toThrow("more files and packages than can be kept");
});
