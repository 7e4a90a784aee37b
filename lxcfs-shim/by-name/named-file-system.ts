import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { Beginnings } from "../file-system/beginnings.ts";
import { FallbackLog } from "../file-system/fallback-log.ts";
import { S_IFDIR, S_IFREG } from "../file-system/host-files.ts";
import { nodeIdOf } from "../file-system/node-id.ts";
import { NodePaths } from "../file-system/node-paths.ts";
import { ReadStatistics } from "../file-system/read-statistics.ts";
import { Refusal } from "../file-system/refusal.ts";
import { join } from "../file-system/tree.ts";
import { ERRNO } from "../fuse/errno.ts";
import type { Attributes, DirectoryEntry, FileSystem, NodeId, Operation, Reply } from "../fuse/operation.ts";
import type { ProcFile } from "../proc-files/types.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import type { ViewOptions } from "../view/view-options.ts";
import { openViewpoints, type Viewpoints } from "../view/viewpoints.ts";
import { AnnouncedTexts, type Announcement, type Rendering } from "./announced-texts.ts";
import { NAMED_PATHS, type NamedNode, namedNodeAt } from "./named-tree.ts";
import type { Names } from "./names.ts";

export interface NamedFileSystemOptions {
  readonly root: HostRoot;
  readonly log: Logger;
  readonly names: Names;
  readonly clock?: Clock;
  readonly viewOptions?: ViewOptions | undefined;
  /** How old what a reader gets may be; 0 unless told. */
  readonly freshnessMs?: number | undefined;
  readonly statistics?: ReadStatistics | undefined;
  readonly notebook?: Notebook | undefined;
}

/** How long the kernel may take it for granted that a name is registered. What is below one is there as long as it is. */
const NAME_VALID_MS = 1000;
const BELOW_VALID_MS = 3_600_000;

/** Of a file without a text so far: more than nothing, or nobody would be told why there is none. */
const UNKNOWN_BYTES = 128;

/**
 * `NAME/proc/meminfo`: the files of the container that goes by a name, whoever reads them. An inode belongs to one
 * container, so the kernel keeps its page: OPEN is refused once and for all, and attributes are valid as long as a text
 * may be old. The first reader after that asks for the attributes, which renders; a page is fetched if the text is another.
 *
 * Nothing is ever invalidated by a notification: that would wait for a page which a reader has locked who waits for us.
 */
export class NamedFileSystem implements FileSystem {
  readonly #log: Logger;
  readonly #names: Names;
  readonly #clock: Clock;
  readonly #viewpoints: Viewpoints;
  readonly #paths: NodePaths;
  readonly #texts: AnnouncedTexts;
  readonly #beginnings: Beginnings;
  readonly #fallbacks: FallbackLog;
  readonly #statistics: ReadStatistics;
  readonly #startedMs: number;

  constructor(options: NamedFileSystemOptions) {
    const { clock = systemClock, log, names, freshnessMs = 0, notebook = openNotebook() } = options;
    this.#log = log;
    this.#names = names;
    this.#clock = clock;
    this.#viewpoints = openViewpoints({ ...options, clock, notebook });
    const monotonicMs = (): number => clock.monotonicMs();
    this.#paths = new NodePaths(() => this.#walk(), monotonicMs);
    this.#texts = new AnnouncedTexts({ freshnessMs, monotonicMs, nowMs: () => clock.nowMs(), notebook });
    this.#beginnings = new Beginnings(options.root, clock);
    this.#fallbacks = new FallbackLog(log);
    this.#statistics = options.statistics ?? new ReadStatistics([]);
    this.#startedMs = clock.nowMs();
  }

  handle(operation: Operation): Reply {
    try {
      return this.#handle(operation);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#log.debug({ operation, reason: error.message }, "operation refused");
      return { kind: "error", errno: error.errno };
    }
  }

  #handle(operation: Operation): Reply {
    switch (operation.kind) {
      case "lookup":
        return this.#lookup(join(this.#path(operation.parent), operation.name));
      case "getattr": {
        const { attributes, validMs } = this.#attributes(this.#path(operation.node));
        return { kind: "attributes", attributes, validMs };
      }
      case "open":
        // From now on the kernel opens by itself (FUSE_NO_OPEN_SUPPORT, linux/fuse.h).
        return { kind: "error", errno: ERRNO.ENOSYS };
      case "read": {
        const { node, offset, size } = operation;
        const text = this.#texts.read(node) ?? this.#announce(node, this.#path(node)).text;
        return { kind: "data", data: text.subarray(offset, offset + size) };
      }
      case "readdir": {
        const entries = this.#list(this.#path(operation.node)).slice(operation.offset);
        return { kind: "entries", entries, offset: operation.offset, size: operation.size };
      }
      case "readlink":
        return { kind: "error", errno: ERRNO.EINVAL };
      case "opendir":
        return { kind: "opened", handle: 0, directIo: false };
      case "release":
      case "releasedir":
        return { kind: "done" };
      case "statfs":
        return { kind: "statfs" };
      case "forget":
        return { kind: "none" };
    }
  }

  #lookup(path: string): Reply {
    const { attributes, validMs: attributesValidMs } = this.#attributes(path);
    this.#paths.remember(path);
    const validMs = path.includes("/") ? BELOW_VALID_MS : NAME_VALID_MS;
    return { kind: "entry", attributes, validMs, attributesValidMs };
  }

  #attributes(path: string): { readonly attributes: Attributes; readonly validMs: number } {
    const node = nodeIdOf(path);
    if (this.#at(path).kind === "directory") {
      const attributes = { node, mode: S_IFDIR | 0o555, sizeBytes: 0, links: 2, timeMs: this.#startedMs };
      return { attributes, validMs: NAME_VALID_MS };
    }
    const file = { node, mode: S_IFREG | 0o444, links: 1 };
    try {
      const { text, timeMs, validMs } = this.#announce(node, path);
      return { attributes: { ...file, sizeBytes: text.length, timeMs }, validMs };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The file is there to be bound, and tells who reads it why it has no text; at another time than its last page.
      this.#texts.withdraw(node);
      const sizeBytes = this.#texts.sizeOf(node) ?? UNKNOWN_BYTES;
      return { attributes: { ...file, sizeBytes, timeMs: this.#clock.nowMs() }, validMs: 0 };
    }
  }

  #announce(node: NodeId, path: string): Announcement {
    const startMs = performance.now();
    let outcome: "rendered" | "kept" | "failed" = "failed";
    try {
      const announcement = this.#texts.announce(node, () => this.#render(path));
      outcome = announcement.isKept ? "kept" : "rendered";
      return announcement;
    } finally {
      const took = 1000 * (performance.now() - startMs);
      this.#statistics.count(belowName(path), outcome, took);
    }
  }

  #render(path: string): Rendering {
    const node = this.#at(path);
    if (node.kind === "directory") throw new Refusal(ERRNO.EISDIR, "a directory");
    const cgroup = this.#names.cgroupOf(nameOf(path));
    if (cgroup === undefined) throw new Refusal(ERRNO.ESRCH, "the name is not registered any more");
    const identity = this.#viewpoints.identifyCgroup(cgroup);
    if (identity.kind === "container")
      this.#statistics.see(identity.container.key, this.#clock.monotonicMs());
    const text = this.#renderFrom(node.file, this.#viewpoints.at(identity));
    return { text, isPassing: identity.kind === "container" && this.#beginnings.has(identity.container) };
  }

  #renderFrom(file: ProcFile, viewpoint: ReturnType<Viewpoints["at"]>): Uint8Array {
    const rendered = this.#viewpoints.render(file, viewpoint);
    if (rendered.kind === "gone") throw new Refusal(ERRNO.ESRCH, rendered.reason);
    if (viewpoint.kind === "container") {
      this.#fallbacks.tell(file.path, viewpoint.container.key, rendered.status());
    }
    return Buffer.from(rendered.text);
  }

  #list(path: string): readonly DirectoryEntry[] {
    const node = this.#at(path);
    if (node.kind !== "directory") throw new Refusal(ERRNO.ENOTDIR, "a file");
    const children = node.names.map((name) => {
      const type = this.#at(join(path, name)).kind === "directory" ? S_IFDIR : S_IFREG;
      return { name, type, node: nodeIdOf(join(path, name)) };
    });
    const itself = { type: S_IFDIR, node: nodeIdOf(path) };
    return [{ name: ".", ...itself }, { name: "..", ...itself }, ...children];
  }

  #at(path: string): NamedNode {
    if (path === "") return { kind: "directory", names: this.#names.list() };
    const node = this.#names.has(nameOf(path)) ? namedNodeAt(belowName(path)) : undefined;
    if (node === undefined) throw new Refusal(ERRNO.ENOENT, "no such file");
    return node;
  }

  *#walk(): Generator<string> {
    for (const name of this.#names.list()) for (const path of NAMED_PATHS) yield join(name, path);
  }

  #path(node: NodeId): string {
    const path = this.#paths.pathOf(node);
    if (path === undefined) throw new Refusal(ERRNO.ESTALE, "no such node");
    return path;
  }
}

function nameOf(path: string): string {
  return path.split("/", 1)[0] ?? "";
}

/** The rest of the path. */
function belowName(path: string): string {
  return path.slice(nameOf(path).length + 1);
}
