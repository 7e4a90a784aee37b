import { randomUUID } from "node:crypto";
import { packageVersion } from "../../core/runtime/version.ts";
import type { Image } from "./image.ts";
import type { ImageFiles } from "./inspect.ts";
import { renderPurl } from "./purl.ts";

export const SBOM_TYPE = "application/vnd.cyclonedx+json";

/** What is installed in an image, as CycloneDX 1.6 in JSON, in one order: two of them can be compared. `nowMs` is when it is made. */
export async function renderSbom(image: Image, files: ImageFiles, nowMs: number): Promise<string> {
  const { Enums, Models, Serialize, Spec } = await import("@cyclonedx/cyclonedx-library");
  const { Application, Container, Library, OperatingSystem } = Enums.ComponentType;
  const bom = new Models.Bom({ serialNumber: `urn:uuid:${randomUUID()}` });
  bom.metadata.timestamp = new Date(nowMs);
  const own = new Models.Component(Application, "plimsoll image sbom", { version: packageVersion() });
  bom.metadata.tools.components.add(own);
  const about = { version: image.digest, bomRef: image.digest };
  bom.metadata.component = new Models.Component(Container, image.name, about);
  const { osRelease: os } = files;
  if (os !== undefined) {
    const version = os.versionId === undefined ? {} : { version: os.versionId };
    bom.components.add(new Models.Component(OperatingSystem, os.id, { bomRef: "os", ...version }));
  }
  for (const installed of files.packages) {
    const { name, version, license } = installed;
    const purl = renderPurl(installed, os);
    const component = new Models.Component(Library, name, { version, purl, bomRef: purl });
    if (license !== undefined) component.licenses.add(new Models.NamedLicense(license));
    bom.components.add(component);
  }
  for (const { bomRef } of bom.components) bom.metadata.component.dependencies.add(bomRef);
  const normal = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(normal).serialize(bom, { sortLists: true, space: 2 });
}
