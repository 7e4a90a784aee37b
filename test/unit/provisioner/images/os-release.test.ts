import { expect, test } from "vitest";
import { isOsRelease, parseOsRelease } from "../../../../provisioner/images/os-release.ts";

test.each([
  ['PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n', { id: "debian", versionId: "12" }],
  ["ID='alpine'\nVERSION_ID=3.19.1", { id: "alpine", versionId: "3.19.1" }],
  ["ID=arch\nID_LIKE=nothing", { id: "arch", versionId: undefined }],
  ["NAME=x\nVARIANT_ID=y", undefined],
  ["", undefined],
])("%j", (text, release) => {
  expect(parseOsRelease(text)).toEqual(release);
});

test("where it is", () => {
  expect(["etc/os-release", "usr/lib/os-release", "srv/etc/os-release"].map(isOsRelease)).toEqual([
    true,
    true,
    false,
  ]);
});
