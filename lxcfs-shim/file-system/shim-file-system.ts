import { existsSync, type Stats } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { once } from "../../core/kernel/once.ts";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { ERRNO } from "../fuse/errno.ts";
import type {
  Attributes,
  Caller,
  DirectoryEntry,
  FileSystem,
  NodeId,
  Operation,
  Reply,
} from "../fuse/operation.ts";
import type { HostText, ProcFile } from "../proc-files/types.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import { BoundedMap } from "../view/bounded-map.ts";
import type { Identity } from "../view/container.ts";
import { openHostText } from "../view/host-text.ts";
import type { LoadChannel } from "../view/load-averages.ts";
import type { ViewOptions } from "../view/view-options.ts";
import { openViewpoints, type Viewpoint, type Viewpoints } from "../view/viewpoints.ts";
import { Beginnings } from "./beginnings.ts";
import { FallbackLog } from "./fallback-log.ts";
import { type HostFiles, openHostFiles, S_IFDIR, S_IFMT, S_IFREG } from "./host-files.ts";
import { Moments, type Sight } from "./moments.ts";
import { nodeIdOf } from "./node-id.ts";
import { NodePaths } from "./node-paths.ts";
import { ReadStatistics } from "./read-statistics.ts";
import { Refusal } from "./refusal.ts";
import { type OwnedText, Snapshots } from "./snapshots.ts";
import {
  COUNTED_FILES,
  countedAs,
  cpuOfPath,
  HOST_DIRECTORIES,
  join,
  type Node,
  nodeAt,
  SYSTEM_DIRECTORY,
} from "./tree.ts";

export interface ShimFileSystemOptions {
  readonly root: HostRoot;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly viewOptions?: ViewOptions | undefined;
  /** To the sampler of load averages; without one, readers sample for themselves. */
  readonly loadChannel?: LoadChannel | undefined;
  /** How old what a reader gets may be; 0 unless told. */
  readonly freshnessMs?: number | undefined;
  /** /proc/cpuinfo for callers of that personality, where it is not everybody's. */
  readonly linux32Cpuinfo?: string | undefined;
  readonly statistics?: ReadStatistics | undefined;
  /** What a predecessor left. */
  readonly notebook?: Notebook | undefined;
}

/** LXCFS' layout, each file as its caller's container has it. */
export function openShimFileSystem(options: ShimFileSystemOptions): FileSystem {
  return new ShimFileSystem({ ...options, clock: options.clock ?? systemClock });
}

/** How long the kernel may take a name for granted that is there for everybody. */
const FIXED_VALID_MS = 3_600_000;
/** A name whose existence depends on who asks, or on the host. */
const ASK_AGAIN_MS = 0;

const REMEMBERED_CALLERS = 4096;
/** The owner of the host's files. */
const HOSTS = "host";

const PAGE_BYTES = 4096;
/** A text may be longer when it is read than when its size was asked for. */
const GROWTH_BYTES = 512;

const O_ACCMODE = 3;
const O_RDONLY = 0;
const O_TRUNC = 0o1000;
const S_IROTH = 0o004;
const S_IWOTH = 0o002;

type Sighted = Exclude<Viewpoint, { kind: "gone" }>;

class ShimFileSystem implements FileSystem {
  readonly #root: HostRoot;
  readonly #log: Logger;
  readonly #viewpoints: Viewpoints;
  readonly #hostFiles: HostFiles;
  readonly #paths: NodePaths;
  readonly #snapshots: Snapshots;
  readonly #moments: Moments<HostText, Sighted>;
  readonly #beginnings: Beginnings;
  readonly #fallbacks: FallbackLog;
  /** As whom callers were last identified. */
  readonly #owners = new BoundedMap<number, string>(REMEMBERED_CALLERS);
  readonly #statistics: ReadStatistics;
  readonly #clock: Clock;
  readonly #startedMs: number;

  constructor(given: ShimFileSystemOptions & { readonly clock: Clock }) {
    const { clock, log, notebook = openNotebook(), ...options } = given;
    this.#root = options.root;
    this.#clock = clock;
    this.#statistics = options.statistics ?? new ReadStatistics(COUNTED_FILES);
    this.#log = log;
    this.#viewpoints = openViewpoints({ ...options, clock, notebook });
    this.#hostFiles = openHostFiles(options.root);
    this.#paths = new NodePaths(
      () => this.#hostFiles.walk(),
      () => clock.monotonicMs(),
    );
    this.#startedMs = clock.nowMs();
    this.#snapshots = new Snapshots(this.#startedMs, notebook);
    this.#moments = new Moments<HostText, Sighted>(
      options.freshnessMs ?? 0,
      () => clock.monotonicMs(),
      () => openHostText(options.root.proc),
    );
    this.#beginnings = new Beginnings(options.root, clock);
    this.#fallbacks = new FallbackLog(log);
  }

  handle(operation: Operation, caller: Caller): Reply {
    try {
      return this.#handle(operation, caller);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#log.debug({ operation, caller, reason: error.message }, "operation refused");
      return { kind: "error", errno: error.errno };
    }
  }

  ownerOf(caller: Caller, mayLook: boolean): string | undefined {
    return this.#owners.get(caller.pid) ?? (mayLook ? ownerOf(this.#identify(caller)) : undefined);
  }

  #handle(operation: Operation, caller: Caller): Reply {
    switch (operation.kind) {
      case "lookup":
        return this.#lookup(join(this.#path(operation.parent), operation.name), caller);
      case "getattr": {
        const path = this.#path(operation.node);
        const attributes = this.#attributes(path, caller);
        return { kind: "attributes", attributes, validMs: attributesValidMs(path) };
      }
      case "readlink":
        return { kind: "data", data: this.#hostFiles.link(this.#path(operation.node)) };
      case "open":
        return this.#open(operation.node, operation.flags, caller);
      case "read":
        return { kind: "data", data: this.#read(operation, caller) };
      case "release":
        this.#snapshots.release(operation.handle);
        return { kind: "done" };
      case "opendir":
        return { kind: "opened", handle: 0, directIo: false };
      case "readdir": {
        const entries = this.#list(this.#path(operation.node), caller).slice(operation.offset);
        return { kind: "entries", entries, offset: operation.offset, size: operation.size };
      }
      case "releasedir":
        return { kind: "done" };
      case "statfs":
        return { kind: "statfs" };
      case "forget":
        return { kind: "none" };
    }
  }

  #lookup(path: string, caller: Caller): Reply {
    if (path.endsWith("/..") || path.endsWith("/.")) noSuchFile();
    const attributes = this.#attributes(path, caller);
    this.#paths.remember(path);
    return { kind: "entry", attributes, validMs: validMs(path), attributesValidMs: attributesValidMs(path) };
  }

  #open(node: NodeId, flags: number, caller: Caller): Reply {
    const mode = this.#mode(this.#path(node), caller);
    if (caller.uid !== 0 && (mode & S_IROTH) === 0) throw new Refusal(ERRNO.EACCES, "for root alone");
    if ((mode & S_IFMT) === S_IFDIR) throw new Refusal(ERRNO.EISDIR, "a directory");
    if ((flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0) {
      // Where procfs would take something, a program has to hear that it is not taken here.
      throw new Refusal((mode & S_IWOTH) === 0 ? ERRNO.EACCES : ERRNO.EOPNOTSUPP, "opened for writing");
    }
    return { kind: "opened", handle: this.#snapshots.open(), directIo: true };
  }

  #read(operation: Extract<Operation, { kind: "read" }>, caller: Caller): Uint8Array {
    // Pages would be shown to the next container: what asks for them falls back to read(2), as cat and cp do.
    if (!operation.isDirect) throw new Refusal(ERRNO.EINVAL, "not through the page cache");
    return this.#snapshots.read(operation, {
      owner: () => this.#ownerAt(this.#path(operation.node), caller),
      render: () => this.#text(this.#path(operation.node), caller),
    });
  }

  /** What the host has is the same for all. */
  #ownerAt(path: string, caller: Caller): string {
    return nodeAt(path)?.kind === "host" ? HOSTS : ownerOf(this.#identify(caller));
  }

  #text(path: string, caller: Caller): OwnedText {
    const startMs = performance.now();
    let outcome: "rendered" | "kept" | "failed" = "kept";
    try {
      return this.#fresh(path, caller, () => {
        outcome = "rendered";
      });
    } catch (error) {
      outcome = "failed";
      throw error;
    } finally {
      this.#statistics.count(countedAs(path), outcome, 1000 * (performance.now() - startMs));
    }
  }

  /** `onRendering`: there was no text that is fresh enough. */
  #fresh(path: string, caller: Caller, onRendering: () => void): OwnedText {
    const node = nodeAt(path) ?? noSuchFile();
    switch (node.kind) {
      case "directory":
        throw new Refusal(ERRNO.EISDIR, "a directory");
      case "host":
        onRendering();
        return { owner: HOSTS, text: this.#hostFiles.read(path) };
      case "proc":
      case "sys": {
        const identity = this.#identify(caller);
        const owner = ownerOf(identity);
        if (identity.kind === "container")
          this.#statistics.see(identity.container.key, this.#clock.monotonicMs());
        const sight: Sight<HostText, Sighted> = {
          look: (host) => this.#look(identity, host),
          render: (viewpoint) => {
            onRendering();
            return this.#renderFrom(viewpoint, node, path);
          },
        };
        const isBeginning = identity.kind === "container" && this.#beginnings.has(identity.container);
        const text = isBeginning ? this.#moments.alone(sight) : this.#moments.get(owner, path, sight);
        return { owner, text };
      }
    }
  }

  #renderFrom(viewpoint: Sighted, node: Extract<Node, { kind: "proc" | "sys" }>, path: string): Uint8Array {
    if (node.kind === "proc") return this.#renderProc(node.file, viewpoint);
    if (viewpoint.kind === "host") return this.#hostFiles.read(path);
    const host = openHostText((name) => this.#root.sys(`devices/system/${name}`));
    const name = path.slice(SYSTEM_DIRECTORY.length + 1);
    return Buffer.from(node.file.render(viewpoint.view, host, name));
  }

  #renderProc(file: ProcFile, viewpoint: Viewpoint): Uint8Array {
    const rendered = this.#viewpoints.render(file, viewpoint);
    if (rendered.kind === "gone") throw new Refusal(ERRNO.ESRCH, rendered.reason);
    if (viewpoint.kind === "container") {
      this.#fallbacks.tell(file.path, viewpoint.container.key, rendered.status());
    }
    return Buffer.from(rendered.text);
  }

  #list(path: string, caller: Caller): readonly DirectoryEntry[] {
    const node = nodeAt(path) ?? noSuchFile();
    const children =
      node.kind === "directory"
        ? node.names
            .filter((name) => this.#isThere(join(path, name)))
            .map((name) => ({ name, type: typeOf(join(path, name)) }))
        : this.#hostFiles.list(path).filter(this.#visibleIn(path, caller));
    return [{ name: ".", type: S_IFDIR }, { name: "..", type: S_IFDIR }, ...children].map(
      ({ name, type }) => ({
        name,
        type,
        node: nodeIdOf(name === "." || name === ".." ? path : join(path, name)),
      }),
    );
  }

  #attributes(path: string, caller: Caller): Attributes {
    const kind = nodeAt(path)?.kind;
    const mode = this.#mode(path, caller);
    const attributes = { node: nodeIdOf(path), mode, timeMs: this.#startedMs };
    if (kind === "directory") return { ...attributes, sizeBytes: 0, links: 2 };
    if (kind !== "host") return { ...attributes, sizeBytes: this.#sizeBytes(path, caller), links: 1 };
    const { size: sizeBytes, nlink: links } = this.#hostAttributes(path, caller);
    return { ...attributes, sizeBytes, links };
  }

  #mode(path: string, caller: Caller): number {
    const node = nodeAt(path) ?? noSuchFile();
    if (node.kind === "directory") return S_IFDIR | 0o555;
    if (node.kind === "proc") {
      if (!this.#isThere(path)) noSuchFile();
      return S_IFREG | (node.file.mode ?? 0o444);
    }
    if (node.kind === "host") return this.#hostAttributes(path, caller).mode & ~0o222;
    if (node.isOnHost) this.#hostAttributes(path, caller);
    return S_IFREG | 0o444;
  }

  /**
   * Whole pages, more than the text takes: as sysfs' attributes. procfs says 0, but of an empty file splice(2) does not
   * ask us, and whoever copies with sendfile(2) would get nothing without an error.
   */
  #sizeBytes(path: string, caller: Caller): number {
    try {
      const { text } = this.#fresh(path, caller, () => {});
      return PAGE_BYTES * Math.ceil((text.length + GROWTH_BYTES) / PAGE_BYTES);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return PAGE_BYTES; // the caller has ended: nobody is left to read
    }
  }

  #hostAttributes(path: string, caller: Caller): Stats {
    if (!this.#visibleIn("", caller)({ name: path })) noSuchFile();
    return this.#hostFiles.stat(path) ?? noSuchFile();
  }

  /** Kernels without NUMA have no directory of nodes, and some no pressure of interrupts. */
  #isThere(path: string): boolean {
    if (HOST_DIRECTORIES.includes(path)) return this.#hostFiles.stat(path) !== undefined;
    const node = nodeAt(path);
    return (
      node?.kind !== "proc" || node.file.isOnHost !== true || existsSync(this.#root.proc(node.file.path))
    );
  }

  /** Which names in a directory the caller is to see: not the directories of CPUs it does not have. */
  #visibleIn(path: string, caller: Caller): (entry: { readonly name: string }) => boolean {
    const cpus = once(() => {
      const viewpoint = this.#viewpoint(caller);
      return viewpoint.kind === "container" ? viewpoint.view.cpus : undefined;
    });
    return ({ name }) => {
      const cpu = cpuOfPath(join(path, name));
      return cpu === undefined || (cpus()?.includes(cpu) ?? true);
    };
  }

  #viewpoint(caller: Caller): Sighted {
    return this.#look(this.#identify(caller));
  }

  #identify({ pid }: Caller): Identity {
    const identity = this.#viewpoints.identify(pid);
    const owner = ownerOf(identity);
    if (this.#owners.get(pid) !== owner) this.#owners.set(pid, owner);
    return identity;
  }

  #look(identity: Identity, host?: HostText): Sighted {
    const viewpoint = this.#viewpoints.at(identity, host);
    if (viewpoint.kind === "gone") throw new Refusal(ERRNO.ESRCH, viewpoint.reason);
    return viewpoint;
  }

  #path(node: NodeId): string {
    const path = this.#paths.pathOf(node);
    if (path === undefined) throw new Refusal(ERRNO.ESTALE, "no such node");
    return path;
  }
}

/** Whose a text is: callers of one owner may be given the same. */
function ownerOf(identity: Identity): string {
  if (identity.kind !== "container") return identity.kind;
  return identity.isLinux32 === true ? `${identity.container.key} linux32` : identity.container.key;
}

function validMs(path: string): number {
  const node = nodeAt(path);
  if (node === undefined || (node.kind === "sys" && node.isOnHost)) return ASK_AGAIN_MS;
  return node.kind === "host" && !HOST_DIRECTORIES.includes(path) ? ASK_AGAIN_MS : FIXED_VALID_MS;
}

/** A virtual file's size is its caller's. */
function attributesValidMs(path: string): number {
  const kind = nodeAt(path)?.kind;
  return kind === "proc" || kind === "sys" ? ASK_AGAIN_MS : validMs(path);
}

function typeOf(path: string): number {
  const kind = nodeAt(path)?.kind;
  return kind === "proc" || kind === "sys" ? S_IFREG : S_IFDIR;
}

function noSuchFile(): never {
  throw new Refusal(ERRNO.ENOENT, "no such file");
}
