/*
 * What package managers keep of what they have installed: dpkg's /var/lib/dpkg/status (deb822(5)), and
 * apk's /lib/apk/db/installed (apk-package(5)).
 *
 *   Package: libc6                 P:musl
 *   Status: install ok installed   V:1.2.4-r2
 *   Architecture: amd64            A:x86_64
 *   Version: 2.36-9                L:MIT
 */
export interface InstalledPackage {
  readonly manager: PackageDatabase;
  readonly name: string;
  /** Empty where a Dockerfile leaves it open. */
  readonly version: string;
  /** As its manager calls it: `amd64`, `x86_64`. */
  readonly architecture?: string;
  /** As its packager wrote it. */
  readonly license?: string;
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

const DPKG_KEYS = { name: "Package", version: "Version", architecture: "Architecture" };
const APK_KEYS = { name: "P", version: "V", architecture: "A" };

export function parsePackages(manager: "dpkg" | "apk", text: string): readonly InstalledPackage[] {
  const keys = manager === "dpkg" ? DPKG_KEYS : APK_KEYS;
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (key: string): string | undefined =>
      new RegExp(`^${key}:[ \\t]*(.*)$`, "m").exec(paragraph)?.[1]?.trim();
    const [name, version, architecture] = [field(keys.name), field(keys.version), field(keys.architecture)];
    const license = manager === "apk" ? field("L") : undefined; // dpkg's are in files of their own
    // What was removed and has left its configuration behind is still listed.
    const status = manager === "dpkg" ? field("Status") : undefined;
    const isInstalled = status === undefined || status.endsWith(" installed");
    if (!name || !version || !isInstalled) return [];
    return [{ manager, name, version, ...(architecture && { architecture }), ...(license && { license }) }];
  });
}
