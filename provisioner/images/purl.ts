/*
 * Package URLs (ECMA-427):
 *
 *   pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12
 *   pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.19
 *   pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=x86_64&distro=fedora-25&epoch=1
 */
import type { OsRelease } from "./os-release.ts";
import type { InstalledPackage } from "./packages.ts";

const TYPES = { dpkg: "deb", apk: "apk", rpm: "rpm" } as const;
/** Whose packages these are where the image does not say. */
const PRESETS = { dpkg: "debian", apk: "alpine", rpm: undefined } as const;

export function renderPurl(
  { manager, name, version: full, architecture }: InstalledPackage,
  os: OsRelease | undefined,
): string {
  const namespace = os?.id ?? PRESETS[manager];
  // An rpm's epoch is not of its version there.
  const [, epoch, version = full] = (manager === "rpm" && /^(\d+):(.+)$/.exec(full)) || [];
  const distro = os && [os.id, os.versionId].filter(Boolean).join("-");
  const path = [TYPES[manager], namespace?.toLowerCase(), manager === "rpm" ? name : name.toLowerCase()];
  const qualifiers = Object.entries({ arch: architecture, distro, epoch }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encode(value)}`],
  );
  const written = path.filter((part) => part !== undefined).map(encode);
  return `pkg:${written.join("/")}@${encode(version)}${qualifiers.length > 0 ? `?${qualifiers.join("&")}` : ""}`;
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%3A", ":")
    .replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
