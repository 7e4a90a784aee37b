import type { ContainerView, FileStatus, ProcFile, ViewPart } from "../proc-files/types.ts";

/** How much of `file` is the container's in this view, and why not the rest. */
export function fileStatus(file: ProcFile, view: ContainerView): FileStatus {
  const missing = file.needs.flatMap((part): [ViewPart, string][] => {
    const reason = view.missing(part);
    return reason === undefined ? [] : [[part, reason]];
  });
  const reason = [...new Set(missing.map(([, why]) => why))].join("; ");
  const { without = "host" } = file;
  if (missing.length > 0 && missing.length === file.needs.length && without !== "partial") {
    return { state: without, reason };
  }
  if (missing.length > 0) return { state: "partial", fields: missing.map(([part]) => part), reason };
  const fields = file.underived?.(view) ?? [];
  if (fields.length === 0) return { state: "virtual" };
  return { state: "partial", fields, reason: "the kernel does not count these per cgroup" };
}
