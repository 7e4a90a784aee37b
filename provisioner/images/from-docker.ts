import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EngineConnection } from "../docker/request.ts";
import { readFromLayout } from "./from-layout.ts";
import type { Image } from "./image.ts";

/** An image of the local engine, which gives it away whole only: it lies in a temporary file while `use` looks at it. */
export async function withImageOfDocker<T>(
  socketPath: string,
  name: string,
  platform: string,
  signal: AbortSignal,
  use: (image: Image) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-image-"));
  const connection = new EngineConnection(socketPath);
  try {
    const archive = join(folder, "image.tar");
    const { body } = await connection.stream("GET", `/images/${encodeURI(name)}/get`, { signal });
    await pipeline(inPieces(body), createWriteStream(archive, { mode: 0o600 }), { signal });
    return await use({ ...(await readFromLayout(archive, platform)), name });
  } finally {
    await connection.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asked for, piece by piece: undici's own flow, where a file is slower than the engine, is fifty times slower than that. */
async function* inPieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* body;
}
