import type { NodeId } from "../fuse/operation.ts";
import type { Notebook } from "../succession/notebook.ts";
import { RememberedMap } from "../succession/remembered-map.ts";
import { BoundedMap } from "../view/bounded-map.ts";

/** What the kernel has been told of a file, and for how long it may believe it. */
export interface Announcement {
  readonly text: Uint8Array;
  /** Another text has another time: by it the kernel knows that its page is old. */
  readonly timeMs: number;
  readonly validMs: number;
  readonly isKept: boolean;
}

export interface Rendering {
  readonly text: Uint8Array;
  /** Nobody may be told it who asks later. */
  readonly isPassing?: boolean;
}

export interface AnnouncedTextsOptions {
  /** How old what a reader gets may be. */
  readonly freshnessMs: number;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
  readonly notebook: Notebook;
}

interface Announced {
  readonly text: Uint8Array;
  readonly timeMs: number;
  readonly renderedMs: number;
}

/** A thousand containers and all their files; what is asked for beyond is rendered once more. */
const REMEMBERED_FILES = 8192;

/** So many bytes a text may grow, and sizes are multiples of this many. */
const GROWTH_BYTES = 32;
const SIZE_UNIT_BYTES = 128;

const [SPACE, NEWLINE] = [0x20, 0x0a];

/**
 * The texts that attributes were given out for. The kernel fetches a page after the attributes, and must get the text that
 * they announced.
 *
 * A file keeps its size: what a text lacks is filled up with blanks before its last newline. While the kernel takes over
 * another size, another reader may see the old page to the end of the new size, with zeros there.
 */
export class AnnouncedTexts {
  readonly #options: AnnouncedTextsOptions;
  readonly #texts = new BoundedMap<NodeId, Announced>(REMEMBERED_FILES);
  /** A server that takes over keeps to the sizes that the kernel knows. */
  readonly #sizes: RememberedMap<number>;

  constructor(options: AnnouncedTextsOptions) {
    this.#options = options;
    this.#sizes = new RememberedMap(options.notebook, "size", REMEMBERED_FILES);
  }

  /** The text as of now, or of at most half the bound ago: readers who ask at the same time are told the same. */
  announce(node: NodeId, render: () => Rendering): Announcement {
    const { freshnessMs, monotonicMs, nowMs } = this.#options;
    const now = monotonicMs();
    const known = this.#texts.get(node);
    const ageMs = now - (known?.renderedMs ?? Number.NEGATIVE_INFINITY);
    if (known !== undefined && ageMs < freshnessMs / 2) {
      return { ...known, validMs: freshnessMs - ageMs, isKept: true };
    }
    const { text: rendered, isPassing = false } = render();
    const text = this.#fill(node, rendered);
    const isSame = known !== undefined && Buffer.compare(known.text, text) === 0;
    const timeMs = isSame ? known.timeMs : Math.max(nowMs(), (known?.timeMs ?? 0) + 1);
    this.#texts.set(node, { text, timeMs, renderedMs: isPassing ? Number.NEGATIVE_INFINITY : now });
    const validMs = isPassing ? 0 : Math.max(0, freshnessMs - (monotonicMs() - now));
    return { text, timeMs, validMs, isKept: false };
  }

  /** What was announced last; undefined where that is not known. */
  read(node: NodeId): Uint8Array | undefined {
    return this.#texts.get(node)?.text;
  }

  /** There is no text any more. Its size stays. */
  withdraw(node: NodeId): void {
    this.#texts.delete(node);
  }

  sizeOf(node: NodeId): number | undefined {
    return this.#sizes.get(`${node}`);
  }

  #fill(node: NodeId, text: Uint8Array): Uint8Array {
    const size = this.#sizeFor(node, text.length);
    const filled = new Uint8Array(size).fill(SPACE, text.length);
    const endsLine = text.at(-1) === NEWLINE;
    filled.set(endsLine ? text.subarray(0, -1) : text);
    if (!endsLine) return filled;
    filled[text.length - 1] = SPACE;
    filled[size - 1] = NEWLINE;
    return filled;
  }

  #sizeFor(node: NodeId, length: number): number {
    const known = this.#sizes.get(`${node}`);
    if (known !== undefined && known >= length) return known;
    const size = SIZE_UNIT_BYTES * Math.ceil((length + GROWTH_BYTES) / SIZE_UNIT_BYTES);
    this.#sizes.set(`${node}`, size);
    return size;
  }
}
