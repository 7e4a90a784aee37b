/*
 * os-release(5):
 *
 *   PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
 *   ID=debian
 *   VERSION_ID="12"
 */
export interface OsRelease {
  readonly id: string;
  /** Rolling distributions have none. */
  readonly versionId: string | undefined;
}

/** The former is often a link to the latter. */
export function isOsRelease(path: string): boolean {
  return path === "etc/os-release" || path === "usr/lib/os-release";
}

/** Undefined where it names no distribution. */
export function parseOsRelease(text: string): OsRelease | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}=(["']?)([A-Za-z0-9._-]+)\\1\\s*$`, "m").exec(text)?.[2];
  const id = field("ID");
  return id === undefined ? undefined : { id, versionId: field("VERSION_ID") };
}
