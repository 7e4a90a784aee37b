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

/** What a fixture's cgroup files may become. Its /proc keeps its lines: no kernel tears them. */
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
  const cgroups = join(folder, "sys/fs/cgroup");
  const files = readdirSync(cgroups, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return { folder, pid, files };
}

test.for(FIXTURE_HOSTS)(
  "on %s no damage to a cgroup's files shows as an error, a torn line or no number",
  (name) => {
    const { folder, pid, files } = copyHost(name);
    const anyDamage = fc.record({
      file: fc.nat(files.length - 1),
      damage: fc.option(damages, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyDamage, { minLength: 1, maxLength: 6 }), (all) => {
        const kept = new Map<string, string>();
        for (const { file, damage } of all) {
          const path = files[file] ?? "";
          const text = kept.get(path) ?? readFileSync(path, "utf8");
          kept.set(path, text);
          if (damage === undefined) rmSync(path, { force: true });
          else writeFileSync(path, damage(text));
        }
        const viewpoints = openViewpoints({ root: openHostRoot(folder), clock: new ManualClock() });
        try {
          for (const file of PROC_FILES) {
            const rendered = viewpoints.render(file, viewpoints.of(pid));
            const text = rendered.kind === "text" ? rendered.text : "";

            expect(rendered.kind).toBe("text");
            expect(text, file.path).not.toMatch(/NaN|Infinity|undefined|null|\de[+-]|[\s:]-[013-9]/);
            expect(text, file.path).toMatch(/^$|\n$/);
            if (rendered.kind === "text") expect(rendered.status().state).toMatch(/^\w+$/);
          }
        } finally {
          for (const [path, text] of kept) writeFileSync(path, text);
        }
      }),
      { numRuns: 60 },
    );
  },
);
