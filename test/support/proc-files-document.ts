import type { FieldSource, ProcFile } from "../../lxcfs-shim/proc-files/types.ts";
import type { SysFile } from "../../lxcfs-shim/sys-files/types.ts";

const HEAD = `# Where each field comes from

What a process in a container reads in each file, on cgroup v1 and v2. "the host's" is passed on as it is; a hybrid host
is v1. The table is made from the objects that render the files: \`UPDATE_GOLDEN=1 npm test -- unit documentation\`
writes it, and a test compares it.

\`plimsoll-shim render --pid PID --explain\` says the same of one container: what of each file is its own, and why not the
rest.
`;

const WITHOUT = {
  host: "the host's file",
  empty: "an empty file",
  zeros: "zeros",
  partial: "the host's figures in their place",
} as const;

const PARTS = {
  memory: "a memory cgroup of its own or above it",
  cpu: "a cgroup of its own that counts CPU time",
  load: "a cgroup of its own that has its processes",
  io: "a cgroup of its own that counts block I/O",
  pressure: "pressure of its cgroup",
} as const;

/** docs/proc-files.md. */
export function renderDocument(procFiles: readonly ProcFile[], sysFiles: readonly SysFile[]): string {
  return [
    HEAD,
    ...procFiles.map(renderFile),
    "## /sys/devices/system\n",
    "Everything in `cpu` and `node` is the host's, read only and without the directories of CPUs the container does not",
    "have, but for these:\n",
    "| file | says |\n|---|---|",
    ...sysFiles.map(({ path, describes }) => `| \`${path}\` | ${cell(describes)} |`),
    "",
  ].join("\n");
}

function renderFile({ path, describes, fields, needs, without }: ProcFile): string {
  const [first] = needs;
  const needed = needs.map((part) => PARTS[part]).join(", and ");
  const fallback = first === undefined ? "" : `\nWithout ${needed}: ${WITHOUT[without ?? "host"]}.\n`;
  const rows = fields.map(
    (source) => `| ${cell(source.field)} | ${from(source, "v1")} | ${from(source, "v2")} |`,
  );
  return `## /proc/${path}

${describes[0]?.toUpperCase()}${describes.slice(1)}.
${fallback}
| field | cgroup v1 | cgroup v2 |
|---|---|---|
${rows.join("\n")}
`;
}

function from(source: FieldSource, version: "v1" | "v2"): string {
  return cell((typeof source.from === "string" ? source.from : source.from[version]) ?? "the host's");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*");
}
