import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, readText } from "./source-tree.ts";

interface Manifest {
  readonly engines: { readonly node: string };
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readText("package.json"));
const dockerfile = readText("Dockerfile");

test("every dependency is pinned to one version", () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const loose = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );

  expect(loose).toEqual([]);
});

test("every program and every script of package.json exists", () => {
  const scripts = Object.values(manifest.scripts).flatMap((line) => line.match(/scripts\/\S+/g) ?? []);
  const missing = [...Object.values(manifest.bin), ...scripts].filter(
    (path) => !existsSync(join(ROOT, path)),
  );

  expect(scripts.length).toBeGreaterThan(0);
  expect(missing).toEqual([]);
});

test("the image's Node.js is the one of package.json", () => {
  const [, major] = /^>=(\d+)\./.exec(manifest.engines.node) ?? [];
  const versions = [...dockerfile.matchAll(/^(?:ARG NODE=|FROM node:)(\d+)/gm)].map(([, version]) => version);

  expect(versions.length).toBeGreaterThan(0);
  expect(new Set(versions)).toEqual(new Set([major]));
});

test("there is an image for each program and one for machines, and each starts a launcher", () => {
  const targets = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)\n(?:(?!FROM ).*\n)*?ENTRYPOINT \["([^"]+)"/gm)];

  expect(targets.map(([, target, entry]) => [target, entry])).toEqual([
    ["agent", "/opt/plimsoll/bin/plimsoll-agent"],
    ["collector", "/opt/plimsoll/bin/plimsoll-collector"],
    ["shim", "/opt/plimsoll/bin/plimsoll-shim"],
    ["machine", "/opt/plimsoll/bin/plimsoll-init"],
  ]);
});

test("what the image copies from the checkout exists", () => {
  const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = ""]) =>
    paths.split(" "),
  );

  expect(copies.length).toBeGreaterThan(0);
  expect(copies.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
