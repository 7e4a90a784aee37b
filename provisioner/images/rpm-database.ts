import type { InstalledPackage } from "./packages.ts";
import { parseRpmHeader } from "./rpm-header.ts";
import { readNdb } from "./rpm-ndb.ts";
import { readSqliteTable } from "./sqlite-table.ts";

/** rpm's database by the name of its file. Undefined for `Packages`: that is Berkeley DB's, which rpm itself has given up. */
export function parseRpmDatabase(path: string, bytes: Buffer): readonly InstalledPackage[] | undefined {
  if (path.endsWith("/rpmdb.sqlite"))
    return [...readSqliteTable(path, bytes, "Packages")].flatMap(([, blob]) =>
      Buffer.isBuffer(blob) ? [parseRpmHeader(path, blob)] : [],
    );
  if (path.endsWith("/Packages.db"))
    return [...readNdb(path, bytes)].map((blob) => parseRpmHeader(path, blob));
  return undefined;
}
