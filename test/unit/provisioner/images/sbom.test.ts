import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, test } from "vitest";
import { inspectLayers } from "../../../../provisioner/images/inspect.ts";
import { renderSbom } from "../../../../provisioner/images/sbom.ts";
import { makeImage, makeLayer, NO_FILES } from "../../../support/made-image.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

test("what is installed, valid by CycloneDX's own schema, in one order", async () => {
  const status = [
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9",
    "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1",
  ].join("\n\n");
  const layer = makeLayer([
    { name: "etc/os-release", content: 'ID=debian\nVERSION_ID="12"\n' },
    { name: "var/lib/dpkg/status", content: status },
    { name: "lib/apk/db/installed", content: 'P:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT AND "odd"\n\n' },
  ]);
  const image = makeImage({}, [layer]);
  const text = await renderSbom(image, await inspectLayers(image.layers), NOW_MS);
  expect(await validator.validate(text)).toBeNull();

  const { specVersion, metadata, components, dependencies, serialNumber } = JSON.parse(text);
  expect([specVersion, metadata.timestamp]).toEqual(["1.6", "2026-01-02T00:00:00.000Z"]);
  expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
  expect(metadata.component).toMatchObject({ type: "container", name: "app:v1", version: image.digest });
  const found = components.map(({ name, version, purl }: Record<string, string>) => [name, version, purl]);
  expect(found).toEqual([
    ["debian", "12", undefined],
    ["musl", "1.2.4-r2", "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12"],
    ["bash", "5.2-1", "pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12"],
    ["libc6", "2.36-9", "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"],
  ]);
  expect(components[1].licenses).toEqual([{ license: { name: 'MIT AND "odd"' } }]);
  const root = dependencies.find(({ ref }: { ref: string }) => ref === image.digest);
  expect(root.dependsOn).toHaveLength(4);
});

test("an image with nothing in it, and one with the same package twice, are valid as well", async () => {
  expect(await validator.validate(await renderSbom(makeImage(), NO_FILES, NOW_MS))).toBeNull();
  const twice = { manager: "dpkg", name: "a", version: "1" } as const;
  const text = await renderSbom(makeImage(), { ...NO_FILES, packages: [twice, twice] }, NOW_MS);
  expect(await validator.validate(text)).toBeNull();
});
