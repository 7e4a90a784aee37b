import { type FileHandle, open, rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Delivery } from "../../core/metrics/delivery.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { divideLines, joinLines, renderLines } from "../line-chunks.ts";
import { encodeNdjson } from "../ndjson.ts";
import type { OpenSink, SinkKind } from "./types.ts";

/** A file this large becomes `….1`, and that one `….2`: three of them are kept. */
const ROTATE_BYTES = 256 * 1024 * 1024;
const KEPT = 2;

/** One JSON object a line into a file: `ndjson+file:///var/log/samples.ndjson`. */
export const file: SinkKind = {
  scheme: "ndjson",
  transports: ["file"],
  render: renderLines,
  openEncoder: () => encodeNdjson,
  open: async (name, url): Promise<OpenSink> => openFileSink(name, fileURLToPath(url)),
};

/** Lines are on the disk when they are called delivered. What a failed write has left is written again, whole, on a line of its own. */
export function openFileSink(name: string, path: string, rotateBytes: number = ROTATE_BYTES): OpenSink {
  let isTorn = false;
  const append = async (body: Uint8Array): Promise<void> => {
    const handle = await open(path, "a", 0o640);
    try {
      if (isTorn) await handle.write("\n");
      isTorn = true;
      await handle.writeFile(body);
      await handle.datasync();
      isTorn = false;
      await rotateIfLarge(handle, path, rotateBytes);
    } finally {
      await handle.close();
    }
  };
  // Machines are delivered several at a time, a file is written once at a time.
  let running: Promise<Delivery> = Promise.resolve({ outcome: "delivered" });
  return {
    name,
    join: joinLines,
    divide: divideLines,
    deliver: (body) => {
      running = running.then(async () => {
        try {
          await append(body);
          return { outcome: "delivered" };
        } catch (error) {
          return { outcome: "retry", reason: errorLine(error) };
        }
      });
      return running;
    },
    close: async () => void (await running),
  };
}

async function rotateIfLarge(handle: FileHandle, path: string, rotateBytes: number): Promise<void> {
  if ((await handle.stat()).size < rotateBytes) return;
  for (let n = KEPT; n > 0; n--) {
    await rename(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`).catch(() => {}); // not that many yet
  }
}
