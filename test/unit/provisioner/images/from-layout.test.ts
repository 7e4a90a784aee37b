import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { readFromLayout } from "../../../../provisioner/images/from-layout.ts";
import { inspectLayers } from "../../../../provisioner/images/inspect.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { makeTar } from "../../../support/make-tar.ts";
import { MANIFEST, sha256 } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** The files, in a folder or in one archive. */
function place(files: Readonly<Record<string, string | Buffer>>, isArchive: boolean): string {
  const folder = cleanup.temporaryFolder();
  if (isArchive) {
    writeFileSync(
      join(folder, "image.tar"),
      makeTar(Object.entries(files).map(([name, content]) => ({ name, content }))),
    );
    return join(folder, "image.tar");
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const layer = makeTar([{ name: "bin/su", mode: 0o4755 }]);
const setuidOf = async (path: string): Promise<unknown> =>
  (await inspectLayers((await readFromLayout(path, "linux/amd64")).layers)).setuid.map((each) => each.path);

function ociLayout(packed: Buffer, change: (files: Record<string, string | Buffer>) => void = () => {}) {
  const files: Record<string, string | Buffer> = {};
  const add = (content: string | Buffer) => {
    files[`blobs/${sha256(content).replace(":", "/")}`] = content;
    return { digest: sha256(content), size: content.length };
  };
  const config = add(JSON.stringify({ config: { User: "app" }, rootfs: { diff_ids: [sha256(layer)] } }));
  const manifest = add(JSON.stringify({ schemaVersion: 2, config, layers: [add(packed)] }));
  files["index.json"] = JSON.stringify({ manifests: [{ mediaType: MANIFEST, ...manifest }] });
  change(files);
  return { files, manifest };
}

test.for([false, true])("an OCI layout, as a folder and as an archive", async (isArchive) => {
  const { files, manifest } = ociLayout(gzipSync(layer));
  const path = place(files, isArchive);
  expect(await readFromLayout(path, "linux/amd64")).toMatchObject({
    digest: manifest.digest,
    config: { user: "app" },
  });
  expect(await setuidOf(path)).toEqual(["bin/su"]);
});

test.for([false, true])("what docker save wrote before Docker 25", async (isArchive) => {
  const config = JSON.stringify({ config: { User: "app" }, rootfs: { diff_ids: [sha256(layer)] } });
  const manifest = JSON.stringify([{ Config: "c.json", RepoTags: ["app:v1"], Layers: ["l/layer.tar"] }]);
  const path = place({ "manifest.json": manifest, "c.json": config, "l/layer.tar": layer }, isArchive);
  expect(await readFromLayout(path, "linux/amd64")).toMatchObject({
    digest: sha256(config),
    config: { user: "app" },
  });
  expect(await setuidOf(path)).toEqual(["bin/su"]);
});

test("contents that are not what their digests say", async () => {
  const broken = (pattern: RegExp, content: string | Buffer) =>
    place(
      ociLayout(layer, (files) => {
        for (const [name, old] of Object.entries(files)) if (pattern.test(String(old))) files[name] = content;
      }).files,
      false,
    );
  await expect(setuidOf(broken(/bin\/su/, makeTar([{ name: "bin/xx" }])))).rejects.toThrow(
    "its content is sha256:",
  );
  await expect(setuidOf(broken(/"layers"/, "{}"))).rejects.toThrow("its content is sha256:");
  await expect(setuidOf(broken(/"User"/, "{}"))).rejects.toThrow("ended after 2 of");
});

test("what is no image", async () => {
  await expect(readFromLayout(place({ a: "b" }, false), "linux/amd64")).rejects.toThrow(
    "neither index.json nor manifest.json",
  );
  await expect(readFromLayout(place({ "manifest.json": "{}" }, true), "linux/amd64")).rejects.toThrow(
    "manifest.json is not a list",
  );
  await expect(readFromLayout(place({ "manifest.json": "[]" }, true), "linux/amd64")).rejects.toThrow(
    "0 images in it",
  );
  await expect(readFromLayout(place({ "manifest.json": "[{}]" }, true), "linux/amd64")).rejects.toThrow(
    "no configuration",
  );
});
