import { parseOneLine, parseUnsigned } from "../../core/kernel/lines.ts";
import { gauge, type Metric, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const FILES: readonly (readonly [file: string, Metric])[] = [
  ["entropy_avail", gauge("node_entropy_available_bits", "Bits of available entropy.")],
  ["poolsize", gauge("node_entropy_pool_size_bits", "Bits of entropy pool.")],
];

export const entropy: SourceKind = defineSource({
  name: "entropy",
  describes: "bits of entropy the kernel has, and may have",
  open:
    () =>
    async ({ nowMs, read }) =>
      Promise.all(
        FILES.map(async ([file, metric]) => {
          const path = `/proc/sys/kernel/random/${file}`;
          const line = parseOneLine(await read(path), path);
          return point(metric, {}, parseUnsigned(line.text, line), nowMs);
        }),
      ),
});
