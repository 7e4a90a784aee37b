import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { environmentOption } from "../../core/runtime/config.ts";
import { NotFoundError, UsageError } from "../../core/runtime/errors.ts";
import type { EtcdOptions } from "./etcd.ts";
import type { Store } from "./types.ts";

export const DEFAULT_STORE = "/var/lib/plimsoll/provisioner/state.db";

/** Of a file that somebody has named and that is not there: a first use, or a mistake. The default one is always made. */
export type WhenAbsent = "make" | "refuse";

/** `flag`, else PLIMSOLL_STORE, else the default file. Each store's library is loaded when it is the one. */
export async function openStore(flag: string | undefined, whenAbsent: WhenAbsent = "make"): Promise<Store> {
  const place = parseStoreUrl(placeOf(flag));
  if ("path" in place) {
    if (whenAbsent === "refuse" && !existsSync(place.path)) refuseAbsent(place.path);
    return (await import("./embedded.ts")).openEmbeddedStore(place.path);
  }
  return (await import("./etcd.ts")).openEtcdStore(place);
}

/** Whether it is of many hosts, without opening it. */
export function isSharedStore(flag: string | undefined): boolean {
  return !("path" in parseStoreUrl(placeOf(flag)));
}

/** Opens it as `openStore` does, and closes it again whatever becomes of `use`. */
export async function withStore(
  flag: string | undefined,
  use: (store: Store) => Promise<void>,
  whenAbsent: WhenAbsent = "make",
): Promise<void> {
  const store = await openStore(flag, whenAbsent);
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

function refuseAbsent(path: string): void {
  if (path === DEFAULT_STORE) return;
  throw new NotFoundError(`store ${path}: is not there`, { hint: "the first plimsoll net create makes it" });
}

function placeOf(flag: string | undefined): string {
  return flag ?? environmentOption("STORE") ?? DEFAULT_STORE;
}

/**
 * A path → one SQLite file; `etcd+http://10.0.0.1:2379,10.0.0.2:2379/prefix` → those members of an etcd
 * cluster, keys under `/prefix/` (`/plimsoll/` unless told). Throws UsageError for anything else.
 */
export function parseStoreUrl(text: string): { readonly path: string } | EtcdOptions {
  const match = /^([a-z+]+):\/\/(.*)$/.exec(text);
  if (match === null && text !== "") return { path: resolve(text) };
  const [, scheme = "", rest = ""] = match ?? [];
  const [hosts = "", ...path] = rest.split("/");
  const members = hosts.split(",");
  if (!/^etcd\+https?$/.test(scheme) || !members.every(isMember)) {
    throw new UsageError(`--store: ${JSON.stringify(text)} is neither a path nor an etcd`, {
      hint: "write /path/of/state.db or etcd+http://10.0.0.1:2379,10.0.0.2:2379/plimsoll",
    });
  }
  const folders = path.filter((folder) => folder !== "");
  return {
    name: text,
    endpoints: members.map((member) => `${scheme.slice("etcd+".length)}://${member}`),
    prefix: `/${(folders.length === 0 ? ["plimsoll"] : folders).join("/")}/`,
  };
}

function isMember(text: string): boolean {
  return /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(text);
}
