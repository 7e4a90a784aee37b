import type { Image, ImageConfig } from "../../provisioner/images/image.ts";
import type { ImageFiles, Layer } from "../../provisioner/images/inspect.ts";
import { inPieces, type MadeEntry, makeTar } from "./make-tar.ts";
import { sha256 } from "./memory-registry.ts";

export const CONFIG: ImageConfig = { exposedPorts: [], user: "app", env: [], labels: {}, diffIds: [] };

export function makeLayer(entries: readonly MadeEntry[]): Layer {
  const bytes = makeTar(entries);
  return { digest: sha256(bytes), sizeBytes: bytes.length, open: () => inPieces(bytes, 1000) };
}

export function makeImage(config: Partial<ImageConfig> = {}, layers: readonly Layer[] = []): Image {
  return { name: "app:v1", digest: sha256("app:v1"), config: { ...CONFIG, ...config }, layers };
}

export const NO_FILES: ImageFiles = { packages: [], unreadable: [], setuid: [], secrets: [], escapes: [] };

/** Shaped like a key; it is none. */
export const PRIVATE_KEY: string = ["-----BEGIN", "PRIVATE KEY-----\n"].join(" ") + "QUJD".repeat(20);
