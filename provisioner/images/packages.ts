/*
 * What package managers keep of what they have installed: dpkg's /var/lib/dpkg/status (deb822(5)), and
 * apk's /lib/apk/db/installed (apk-package(5)).
 *
 *   Package: libc6                 P:musl
 *   Status: install ok installed   V:1.2.4-r2
 *   Version: 2.36-9
 */
export interface InstalledPackage {
  readonly manager: "dpkg" | "apk";
  readonly name: string;
  /** Empty where a Dockerfile leaves it open. */
  readonly version: string;
}

export type PackageDatabase = "dpkg" | "apk" | "rpm";

/** Which package manager's file this is. */
export function databaseOf(path: string): PackageDatabase | undefined {
  if (path === "var/lib/dpkg/status") return "dpkg";
  // One file for each package: images without a shell (distroless).
  if (/^var\/lib\/dpkg\/status\.d\/[^/.]+$/.test(path)) return "dpkg";
  if (/^(usr\/)?lib\/apk\/db\/installed$/.test(path)) return "apk";
  return /^(var\/lib|usr\/lib\/sysimage)\/rpm\/(rpmdb\.sqlite|Packages(\.db)?)$/.test(path)
    ? "rpm"
    : undefined;
}

export function parsePackages(manager: "dpkg" | "apk", text: string): readonly InstalledPackage[] {
  const [nameKey, versionKey] = manager === "dpkg" ? ["Package", "Version"] : ["P", "V"];
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (key: string): string | undefined =>
      new RegExp(`^${key}:[ \\t]*(.*)$`, "m").exec(paragraph)?.[1]?.trim();
    const [name, version] = [field(nameKey), field(versionKey)];
    // What was removed and has left its configuration behind is still listed.
    const status = manager === "dpkg" ? field("Status") : undefined;
    const isInstalled = status === undefined || status.endsWith(" installed");
    return name && version && isInstalled ? [{ manager, name, version }] : [];
  });
}
