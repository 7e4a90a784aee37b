import { PlimsollError } from "../../core/runtime/errors.ts";
import { isOsRelease, type OsRelease, parseOsRelease } from "./os-release.ts";
import { databaseOf, type InstalledPackage, type PackageDatabase, parsePackages } from "./packages.ts";
import { parseRpmDatabase } from "./rpm-database.ts";
import { findSecrets, MAX_SECRET_BYTES } from "./secrets.ts";
import { readTar, type TarEntry } from "./tar.ts";
import { unpack } from "./unpack.ts";

/** One layer, from the bottom up. */
export interface Layer {
  readonly digest: string;
  /** As it is stored. */
  readonly sizeBytes: number;
  open(): AsyncIterable<Uint8Array>;
}

/** What a container of the image would find, and what lies in its layers besides. */
export interface ImageFiles {
  readonly packages: readonly InstalledPackage[];
  /** Undefined where the image does not say. */
  readonly osRelease?: OsRelease | undefined;
  /** Paths of databases that cannot be read. */
  readonly unreadable: readonly string[];
  readonly setuid: readonly { readonly path: string; readonly mode: number }[];
  /** In any layer: what a later layer hides can still be pulled. */
  readonly secrets: readonly { readonly path: string; readonly kind: string; readonly layer: string }[];
  /** Names that lead out of the root: an unpacker that believed them would write there. */
  readonly escapes: readonly { readonly name: string; readonly layer: string }[];
}

const MAX_DATABASE_BYTES = 64 * 2 ** 20;
/** Of names and packages of one image; more is made to fill the memory. An honest one has a tenth of that. */
const MAX_KEPT_BYTES: number = 512 * 2 ** 20;
/** What each costs beyond its name. */
const KEPT_BYTES = 200;
const SETUID_SETGID = 0o6000;
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** Reads the layers from the top down, each once and as a stream: what was seen first hides what comes later. */
export async function inspectLayers(
  layers: readonly Layer[],
  maxKeptBytes: number = MAX_KEPT_BYTES,
): Promise<ImageFiles> {
  const overlay = new Overlay();
  const found = new Findings();
  const kept = new Kept(maxKeptBytes);
  for (const layer of layers.toReversed()) {
    const what = `layer ${layer.digest}`;
    for await (const entry of readTar(what, unpack(what, layer.open()), wantedBytes)) {
      kept.add(what, KEPT_BYTES + entry.name.length);
      if (entry.path === undefined || isEscape(entry))
        found.escapes.push({ name: entry.name, layer: layer.digest });
      if (entry.path === undefined) continue;
      found.addSecrets(entry, entry.path, layer.digest);
      if (overlay.see(entry.path, entry.kind))
        kept.add(what, KEPT_BYTES * found.addVisible(entry, entry.path));
    }
    overlay.endLayer();
  }
  return found.result();
}

function wantedBytes({ path, kind, sizeBytes }: Omit<TarEntry, "content">): number {
  if (path === undefined || kind !== "file") return 0;
  if (databaseOf(path) !== undefined) return MAX_DATABASE_BYTES;
  return sizeBytes <= MAX_SECRET_BYTES ? sizeBytes : 0;
}

/** A hard link out of the root; symbolic ones lead wherever they like, inside the container. */
function isEscape({ kind, linkTarget }: TarEntry): boolean {
  return kind === "file" && linkTarget.split("/").includes("..");
}

class Kept {
  #leftBytes: number;

  constructor(mostBytes: number) {
    this.#leftBytes = mostBytes;
  }

  add(what: string, bytes: number): void {
    this.#leftBytes -= bytes;
    if (this.#leftBytes < 0)
      throw new PlimsollError("IMAGE", `${what}: more files and packages than can be kept in mind`);
  }
}

/** Which paths layers above have decided (OCI image layer specification, "Whiteouts"). */
class Overlay {
  /** Whatever is below them is of no layer further down. */
  readonly #ends = new Set<string>();
  readonly #seen = new Set<string>();
  #newEnds: string[] = [];
  #newSeen: string[] = [];

  /** Whether a container sees it. What a layer removes is removed from those below it only. */
  see(path: string, kind: TarEntry["kind"]): boolean {
    const [, folder = "", name = ""] = /^(.*?)([^/]*)$/.exec(path) ?? [];
    if (name.startsWith(WHITEOUT)) {
      this.#newEnds.push(name === OPAQUE ? folder.slice(0, -1) : folder + name.slice(WHITEOUT.length));
      return false;
    }
    if (this.#seen.has(path) || this.#isEnded(path)) return false;
    this.#newSeen.push(path);
    if (kind !== "folder") this.#newEnds.push(path);
    return true;
  }

  endLayer(): void {
    for (const path of this.#newEnds) this.#ends.add(path);
    for (const path of this.#newSeen) this.#seen.add(path);
    this.#newEnds = [];
    this.#newSeen = [];
  }

  #isEnded(path: string): boolean {
    for (let at = path.length; at !== -1; at = path.lastIndexOf("/", at - 1))
      if (this.#ends.has(path.slice(0, at))) return true;
    return this.#ends.has("");
  }
}

class Findings {
  readonly escapes: { name: string; layer: string }[] = [];
  readonly #secrets: ImageFiles["secrets"][number][] = [];
  /** By path: the last entry of a layer is the one that counts. */
  readonly #packages = new Map<string, readonly InstalledPackage[]>();
  readonly #setuid = new Map<string, number>();
  readonly #unreadable = new Set<string>();
  #osRelease: OsRelease | undefined;

  addSecrets({ content }: TarEntry, path: string, layer: string): void {
    if (content.length === 0 || content.length > MAX_SECRET_BYTES || content.includes(0)) return;
    for (const kind of findSecrets(content.toString("latin1"))) this.#secrets.push({ path, kind, layer });
  }

  /** Returns how many packages it brings. */
  addVisible({ kind, mode, content, sizeBytes }: TarEntry, path: string): number {
    if (kind !== "file") return 0;
    if ((mode & SETUID_SETGID) !== 0) this.#setuid.set(path, mode);
    else this.#setuid.delete(path);
    if (isOsRelease(path)) this.#osRelease ??= parseOsRelease(content.toString());
    const database = databaseOf(path);
    if (database === undefined) return 0;
    const isWhole = sizeBytes <= MAX_DATABASE_BYTES;
    const found = isWhole ? readDatabase(database, path, content) : undefined;
    if (found === undefined) this.#unreadable.add(path);
    else this.#packages.set(path, found);
    return found?.length ?? 0;
  }

  result(): ImageFiles {
    return {
      packages: [...this.#packages.values()].flat(),
      osRelease: this.#osRelease,
      unreadable: [...this.#unreadable],
      setuid: [...this.#setuid].map(([path, mode]) => ({ path, mode })),
      secrets: this.#secrets,
      escapes: this.escapes,
    };
  }
}

/** Undefined where nothing is known of its packages. */
function readDatabase(
  database: PackageDatabase,
  path: string,
  content: Buffer,
): readonly InstalledPackage[] | undefined {
  if (database !== "rpm") return parsePackages(database, content.toString());
  try {
    return parseRpmDatabase(path, content);
  } catch (error) {
    if (error instanceof PlimsollError) return undefined;
    throw error;
  }
}
