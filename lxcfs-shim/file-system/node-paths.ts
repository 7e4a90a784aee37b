import type { NodeId } from "../fuse/operation.ts";
import { BoundedMap } from "../view/bounded-map.ts";
import { nodeIdOf } from "./node-id.ts";
import { FIXED_PATHS } from "./tree.ts";

/** Twice what /sys/devices/system/cpu holds on 512 CPUs. */
const REMEMBERED_PATHS = 1 << 17;
/** A walk over the host's directory takes a while, and an id that is made up would ask for one each time. */
const WALK_MS = 10_000;

/** From a node id back to its path. Ids this process has not given out are found by walking what there is. */
export class NodePaths {
  readonly #fixed = new Map<NodeId, string>(FIXED_PATHS.map((path) => [nodeIdOf(path), path]));
  readonly #found = new BoundedMap<NodeId, string>(REMEMBERED_PATHS);
  readonly #walk: () => Iterable<string>;
  readonly #nowMs: () => number;
  #nextWalkMs = Number.NEGATIVE_INFINITY;

  /** `walk` gives every path beyond the fixed ones. */
  constructor(walk: () => Iterable<string>, nowMs: () => number) {
    this.#walk = walk;
    this.#nowMs = nowMs;
  }

  /** Undefined for an id that belongs to nothing (any more). */
  pathOf(node: NodeId): string | undefined {
    return this.#known(node) ?? this.#search(node);
  }

  remember(path: string): NodeId {
    const node = nodeIdOf(path);
    if (!this.#fixed.has(node)) this.#found.set(node, path);
    return node;
  }

  #known(node: NodeId): string | undefined {
    return this.#fixed.get(node) ?? this.#found.get(node);
  }

  #search(node: NodeId): string | undefined {
    if (this.#nowMs() < this.#nextWalkMs) return undefined;
    for (const path of this.#walk()) this.remember(path);
    this.#nextWalkMs = this.#nowMs() + WALK_MS;
    return this.#known(node);
  }
}
