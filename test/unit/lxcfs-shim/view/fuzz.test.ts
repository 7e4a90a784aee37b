import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { PROC_FILES } from "../../../../lxcfs-shim/proc-files/index.ts";
import { openViewpoints } from "../../../../lxcfs-shim/view/viewpoints.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FIXTURE_HOSTS, HOSTS, INITS } from "../../../support/fixture-hosts.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

/** What a file of a fixture may become. */
type Damage = (text: string) => string;

const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.nat().map(
    (at): Damage =>
      (text) =>
        text.slice(0, at % (text.length + 1)),
  ),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom(
        "0",
        "-1",
        "max",
        "",
        "x",
        "NaN",
        "1e9",
        "18446744073709551615",
        "99999999999999999999999",
      ),
    )
    .map(
      ([at, value]): Damage =>
        (text) =>
          replaceNumber(text, at, value),
    ),
  fc.string().map(
    (line): Damage =>
      (text) =>
        `${line}\n${text}`,
  ),
  fc.constant<Damage>(() => ""),
  fc.constant<Damage>((text) => text + text),
);

/** What the host's own files may become: they keep their lines, as no kernel tears them, but may have others. */
const differences: fc.Arbitrary<Damage> = fc.oneof(
  fc.nat().map((at): Damage => changeLine(at, () => [])),
  fc.nat().map((at): Damage => changeLine(at, (line) => [line, line])),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom("future_key 12", "Future:      12 kB", "", "cpu99 1 2 3", "a b c d e f g"),
    )
    .map(([at, other]): Damage => changeLine(at, (line) => [other, line])),
  fc
    .tuple(fc.nat(), fc.nat(), fc.constantFrom("0", "7", "4294967296", "281474976710656"))
    .map(([at, which, value]): Damage => changeLine(at, (line) => [replaceNumber(line, which, value)])),
  fc.constant<Damage>(() => ""),
);

function changeLine(at: number, change: (line: string) => readonly string[]): Damage {
  return (text) => {
    const lines = text.split("\n").slice(0, -1);
    const index = at % Math.max(1, lines.length);
    return (
      lines.flatMap((line, each) => (each === index ? change(line) : [line])).join("\n") + (text && "\n")
    );
  };
}

function replaceNumber(text: string, at: number, value: string): string {
  const numbers = [...text.matchAll(/\d+/g)];
  const hit = numbers[at % Math.max(1, numbers.length)];
  return hit === undefined ? value : text.slice(0, hit.index) + value + text.slice(hit.index + hit[0].length);
}

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** A copy of a fixture that can be damaged, with the namespaces that make its init a container's. */
function copyHost(name: string) {
  const folder = cleanup.temporaryFolder();
  cpSync(join(HOSTS, name), folder, { recursive: true, verbatimSymlinks: true });
  const pid = INITS[name] ?? 0;
  for (const [process, id] of [
    ["self", 1],
    [`${pid}`, 2],
  ] as const) {
    if (existsSync(join(folder, `proc/${process}/ns`))) continue;
    mkdirSync(join(folder, `proc/${process}/ns`), { recursive: true });
    for (const kind of ["cgroup", "pid", "mnt"])
      symlinkSync(`${kind}:[${id}]`, join(folder, `proc/${process}/ns/${kind}`));
  }
  return {
    folder,
    pid,
    cgroupFiles: filesIn(join(folder, "sys/fs/cgroup"), true),
    hostFiles: [...filesIn(join(folder, "proc"), false), ...filesIn(join(folder, "sys/devices"), true)],
  };
}

function filesIn(folder: string, recursive: boolean): readonly string[] {
  return readdirSync(folder, { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const CASES = FIXTURE_HOSTS.flatMap((name) => [
  [name, "a cgroup's files", "cgroupFiles", damages] as const,
  [name, "the host's own files", "hostFiles", differences] as const,
]);

test.for(CASES)(
  "on %s no change of %s shows as an error, a torn line or no number",
  ([name, , which, changes]) => {
    const host = copyHost(name);
    const files = host[which];
    const anyChange = fc.record({
      file: fc.constantFrom(...files),
      change: fc.option(changes, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 6 }), (all) => {
        const kept = new Map<string, string>();
        for (const { file, change } of all) {
          const text = kept.get(file) ?? readFileSync(file, "utf8");
          kept.set(file, text);
          if (change === undefined) rmSync(file, { force: true });
          else writeFileSync(file, change(text));
        }
        try {
          expectSoundFiles(host.folder, host.pid);
        } finally {
          for (const [path, text] of kept) writeFileSync(path, text);
        }
      }),
      { numRuns: 60 },
    );
  },
);

function expectSoundFiles(folder: string, pid: number): void {
  const viewpoints = openViewpoints({ root: openHostRoot(folder), clock: new ManualClock() });
  for (const file of PROC_FILES) {
    const rendered = viewpoints.render(file, viewpoints.of(pid));
    const text = rendered.kind === "text" ? rendered.text : "";

    expect(rendered.kind).toBe("text");
    expect(text, file.path).not.toMatch(/NaN|Infinity|undefined|null|\de[+-]|[\s:]-[013-9]/);
    expect(text, file.path).toMatch(/^$|\n$/);
    if (rendered.kind === "text") expect(rendered.status().state).toMatch(/^\w+$/);
  }
}
