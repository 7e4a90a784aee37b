import { PackageURL } from "packageurl-js";
import { expect, test } from "vitest";
import { renderPurl } from "../../../../provisioner/images/purl.ts";

const OS = { id: "ubuntu", versionId: "24.04" };
const ALPINE = { id: "alpine", versionId: "3.19.1" };
test.each([
  [
    { manager: "dpkg", name: "g++", version: "4:12.2.0-3~x", architecture: "amd64" },
    OS,
    "pkg:deb/ubuntu/g%2B%2B@4:12.2.0-3~x?arch=amd64&distro=ubuntu-24.04",
  ],
  [
    { manager: "dpkg", name: "libc6", version: "2.36-9+deb12u14" },
    undefined,
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14",
  ],
  [
    { manager: "apk", name: "musl", version: "1.2.4-r2", architecture: "x86_64" },
    ALPINE,
    "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.19.1",
  ],
  [
    { manager: "apk", name: "a b", version: "1@2!" },
    { id: "wolfi", versionId: undefined },
    "pkg:apk/wolfi/a%20b@1%402%21?distro=wolfi",
  ],
  [
    { manager: "rpm", name: "ImageMagick", version: "1:7.1-2.fc39", architecture: "x86_64" },
    { id: "fedora", versionId: "39" },
    "pkg:rpm/fedora/ImageMagick@7.1-2.fc39?arch=x86_64&distro=fedora-39&epoch=1",
  ],
  [{ manager: "rpm", name: "curl", version: "8-1" }, undefined, "pkg:rpm/curl@8-1"],
] as const)("%j of %j; another's reader finds the same in it", (installed, os, purl) => {
  expect(renderPurl(installed, os)).toBe(purl);
  const { name, version, qualifiers } = PackageURL.fromString(purl);
  expect(name).toBe(installed.name);
  const epoch = qualifiers?.epoch;
  expect(epoch === undefined ? version : `${epoch}:${version}`).toBe(installed.version);
});
