import { type HostRoot, openHostRoot } from "../core/kernel/host-root.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { NotFoundError, UsageError } from "../core/runtime/errors.ts";
import { PROC_FILES } from "./proc-files/index.ts";
import type { FileStatus, ProcFile } from "./proc-files/types.ts";
import type { Container } from "./view/container.ts";
import type { ViewOptions } from "./view/view-options.ts";
import { openViewpoints, type Rendered, type Viewpoint } from "./view/viewpoints.ts";

/** What the command line says, as text. */
export interface RenderFlags {
  readonly pid: string;
  readonly explain?: boolean;
  readonly config?: string;
}

/** What `plimsoll-shim render` prints. */
export function renderFiles(
  names: readonly string[],
  flags: RenderFlags,
  viewOptions?: ViewOptions,
  root: HostRoot = openHostRoot(),
): string {
  const pid = parsePid(flags.pid);
  const files = names.length === 0 ? PROC_FILES : names.map(findFile);
  const viewpoints = openViewpoints({ root, clock: systemClock, viewOptions });
  const viewpoint = viewpoints.of(pid);
  const rendered = files.map((file) => ({ file, ...existing(viewpoints.render(file, viewpoint), pid) }));
  if (flags.explain) {
    return describe(viewpoint) + rendered.map(({ file, status }) => explainFile(file, status())).join("");
  }
  if (rendered.length === 1) return rendered.map(({ text }) => text).join("");
  return rendered.map(({ file, text }) => `==> /proc/${file.path} <==\n${text}\n`).join("");
}

function parsePid(text: string): number {
  const pid = /^\d+$/.test(text) ? Number(text) : 0;
  if (pid > 0) return pid;
  throw new UsageError(`--pid: ${JSON.stringify(text)} is not a process id`);
}

function findFile(name: string): ProcFile {
  const path = name.replace(/^\/?proc\//, "");
  const file = PROC_FILES.find((known) => known.path === path);
  if (file !== undefined) return file;
  throw new UsageError(`no virtual file ${JSON.stringify(name)}`, {
    hint: `there are ${PROC_FILES.map((known) => known.path).join(", ")}`,
  });
}

function existing(rendered: Rendered, pid: number): Extract<Rendered, { kind: "text" }> {
  if (rendered.kind === "text") return rendered;
  throw new NotFoundError(`process ${pid}: ${rendered.reason}`);
}

function describe(viewpoint: Viewpoint): string {
  return viewpoint.kind === "container" ? describeContainer(viewpoint.container) : "process of the host\n";
}

function describeContainer({ init, cgroup }: Container): string {
  const paths = new Set([
    ...cgroup.controllers.values(),
    ...(cgroup.unified === undefined ? [] : [cgroup.unified]),
  ]);
  const deepest = [...paths].sort((a, b) => b.length - a.length)[0] ?? "/";
  return `container of process ${init}, cgroup ${deepest}\n`;
}

function explainFile({ path, describes }: ProcFile, status: FileStatus): string {
  const reason = status.state === "virtual" ? "" : `  because: ${status.reason}\n`;
  const fields = status.state === "partial" ? `  not the container's: ${status.fields.join(", ")}\n` : "";
  return `/proc/${path}: ${status.state}\n  ${describes}\n${fields}${reason}`;
}
