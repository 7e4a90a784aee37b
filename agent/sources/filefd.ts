import { parseFileNr } from "../../core/kernel/proc/file-nr.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const ALLOCATED = gauge("node_filefd_allocated", "File descriptor statistics: allocated.");
const MAXIMUM = gauge("node_filefd_maximum", "File descriptor statistics: maximum.");

export const filefd: SourceKind = defineSource({
  name: "filefd",
  describes: "open files of the whole host, and the most there may be",
  open:
    () =>
    async ({ nowMs, read }) => {
      const path = "/proc/sys/fs/file-nr";
      const { allocated, maximum } = parseFileNr(await read(path), path);
      return [point(ALLOCATED, {}, allocated, nowMs), point(MAXIMUM, {}, maximum, nowMs)];
    },
});
