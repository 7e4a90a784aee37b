import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { textfile } from "../../../../agent/sources/textfile.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function open() {
  const directory = cleanup.temporaryFolder();
  const log = recordLog();
  const ask = openSource(textfile, { directory }, { log });
  const load = async (path: string) => ({
    text: await readFile(path, "utf8"),
    mtimeMs: (await stat(path)).mtimeMs,
  });
  return {
    log,
    write: (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      utimesSync(join(directory, name), 1_700_000_000, 1_700_000_000);
    },
    remove: (name: string) => rmSync(join(directory, name)),
    directory,
    lines: async () =>
      sampleLines(await ask(tickIn({}, { load, list: (path) => readdir(path) }))).map((line) =>
        line.replaceAll(directory, "DIR"),
      ),
  };
}

test("the pages of *.prom and when they were written", async () => {
  const { write, lines } = open();
  write("backup.prom", '# TYPE backup_age_seconds gauge\nbackup_age_seconds{type="full"} 60\n');
  write("notes.txt", "nothing\n");

  expect(await lines()).toEqual([
    'backup_age_seconds{exported_type="full"} 60',
    'node_textfile_mtime_seconds{file="DIR/backup.prom"} 1700000000',
    "node_textfile_scrape_error 0",
  ]);
});

test("a bad file costs itself and shows as an error, logged once; without it all is well", async () => {
  const { write, remove, lines, log, directory } = open();
  write("a.prom", "good 1\n");
  write("b.prom", "bad\n");
  write("c.prom", "good 2\n");
  for (let i = 0; i < 2; i++) {
    expect(await lines()).toEqual([
      "good 1",
      'node_textfile_mtime_seconds{file="DIR/a.prom"} 1700000000',
      "node_textfile_scrape_error 1",
    ]);
  }
  expect(log.lines.map(({ fields }) => [fields.path, fields.problem])).toEqual([
    [`${directory}/b.prom`, 'line 1: cannot parse "bad"'],
    [`${directory}/c.prom`, "another page has good[] already"],
  ]);
  remove("b.prom");
  remove("c.prom");
  expect(await lines()).toContain("node_textfile_scrape_error 0");
});

test("a folder that is not there fails the source; a file that is replaced is read anew", async () => {
  const { write, lines, directory } = open();
  write("a.prom", "a 1\n");
  await lines();
  write("a.tmp", "a 2\n");
  renameSync(join(directory, "a.tmp"), join(directory, "a.prom"));
  expect(await lines()).toContain("a 2");
  rmSync(directory, { recursive: true });
  await expect(lines()).rejects.toThrow("ENOENT");
  mkdirSync(directory);
});
