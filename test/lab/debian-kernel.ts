import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";

/** Kept between runs and shared by checkouts: 15 MB for each version of the kernel. */
const CACHE = "/var/cache/plimsoll-lab";

/** What the guest loads beyond the kernel itself; what these depend on comes along. */
const MODULES = [
  ...["virtio_pci", "9p", "9pnet_virtio", "overlay"],
  ...["fuse", "veth", "zram", "virtio_blk", "ext4", "crc32c_generic"],
  ...["loop", "dm_mod", "dm_thin_pool", "xfs", "btrfs", "openvswitch", "8021q", "bonding", "nfsv3"],
];

export interface GuestKernel {
  readonly image: string;
  /** Module files, each after those it depends on. */
  readonly modules: readonly string[];
  /** Linked statically: it runs before there is a library. */
  readonly busybox: string;
}

/** Debian's own kernel, downloaded and unpacked, never installed. Throws, with apt's words, where that cannot be had. */
export async function fetchKernel(): Promise<GuestKernel> {
  const packages = [await currentKernel(), "busybox-static"];
  const archives = await Promise.all(packages.map(archiveName));
  const folder = join(CACHE, digest([...archives, ...MODULES]));
  if (!existsSync(folder)) await fillCache(folder, packages);
  const modules = readdirSync(join(folder, "modules")).sort();
  return {
    image: join(folder, "vmlinuz"),
    modules: modules.map((name) => join(folder, "modules", name)),
    busybox: join(folder, "busybox"),
  };
}

/** linux-image-amd64 is empty and depends on the kernel of the day. */
async function currentKernel(): Promise<string> {
  const dependencies = (): Promise<string> =>
    exec(["apt-cache", "depends", "linux-image-amd64"], { okCodes: [0, 100] }).then(({ stdout }) => stdout);
  const named = (text: string): string | undefined => /Depends: (linux-image-\d\S+)/.exec(text)?.[1];
  const known = named(await dependencies());
  if (known !== undefined) return known;
  await exec(["apt-get", "update"], { timeoutMs: 120_000 });
  const found = named(await dependencies());
  if (found === undefined) throw new Error("apt knows no package linux-image-amd64");
  return found;
}

/** `'http://…' linux-image-6.1.0-56-amd64_6.1.192-2_amd64.deb 70550672 SHA256:…`: the name holds the version. */
async function archiveName(name: string): Promise<string> {
  const { stdout } = await exec(["apt-get", "download", "--print-uris", name]);
  const archive = /' (\S+\.deb) /.exec(stdout)?.[1];
  if (archive === undefined) throw new Error(`apt has no archive of ${name}`);
  return archive;
}

function digest(parts: readonly string[]): string {
  const hash = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 8);
  return `${parts[0]?.replace(/\.deb$/, "")}-${hash}`;
}

/** Into a folder beside it, then renamed: another run may be doing the same. */
async function fillCache(folder: string, packages: readonly string[]): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(`${CACHE}/unpacking-`);
  try {
    await exec(["apt-get", "download", ...packages], { cwd: work, timeoutMs: 600_000 });
    const root = join(work, "root");
    for (const archive of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      await exec(["dpkg-deb", "-x", join(work, archive), root], { timeoutMs: 120_000 });
    }
    const result = join(work, "result");
    mkdirSync(join(result, "modules"), { recursive: true });
    cpSync(join(root, "boot", firstOf(join(root, "boot"), /^vmlinuz-/)), join(result, "vmlinuz"));
    cpSync(join(root, "bin/busybox"), join(result, "busybox"));
    for (const [index, path] of (await inLoadOrder(join(root, "lib/modules"))).entries()) {
      cpSync(path, join(result, "modules", `${String(index).padStart(2, "0")}-${basename(path)}`));
    }
    if (!existsSync(folder)) renameSync(result, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function firstOf(folder: string, pattern: RegExp): string {
  const name = readdirSync(folder).find((each) => pattern.test(each));
  if (name === undefined) throw new Error(`nothing like ${pattern} in ${folder}`);
  return name;
}

/** A module that has no file is built into the kernel. modules.dep does not exist before a package's installation. */
async function inLoadOrder(folder: string): Promise<readonly string[]> {
  const files = new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => /\.ko(\.xz)?$/.test(path))
      .map((path) => [moduleName(path), join(folder, path)]),
  );
  const ordered = new Map<string, string>();
  const need = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (file === undefined || ordered.has(name)) return;
    const path = file.replace(/\.xz$/, "");
    if (path !== file) await exec(["xz", "--decompress", file]);
    for (const dependency of dependenciesOf(path)) await need(dependency.replaceAll("-", "_"));
    ordered.set(name, path);
  };
  for (const name of MODULES) await need(name);
  return [...ordered.values()];
}

function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.xz)?$/, "")
    .replaceAll("-", "_");
}

/** The section .modinfo holds `depends=netfs,9pnet` between zero bytes (include/linux/module.h). */
function dependenciesOf(path: string): readonly string[] {
  const list = /\0depends=([^\0]*)\0/.exec(readFileSync(path, "latin1"))?.[1] ?? "";
  return list.split(",").filter((name) => name !== "");
}
