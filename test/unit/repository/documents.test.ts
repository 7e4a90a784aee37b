import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { listFiles, ROOT, readText } from "./source-tree.ts";

const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "docs/machine-image.md",
  "docs/attach.md",
  "docs/host.md",
  "docs/fleet.md",
  "docs/images.md",
  "docs/registry.md",
  "docs/shim-operations.md",
  "docs/agent.md",
  "docs/agent-metrics.md",
  "docs/collector.md",
  "docs/collector-page.md",
];

/** Where each command's flags are defined. `npm start --` is `plimsoll up`. */
const ROOM_OF: Readonly<Record<string, string>> = {
  "npm start --": "provisioner",
  plimsoll: "provisioner",
  "plimsoll-agent": "agent",
  "plimsoll-collector": "collector",
  "plimsoll-shim": "lxcfs-shim",
};

test.for(DOCUMENTS)("%s names npm scripts that exist", (path) => {
  const { scripts } = JSON.parse(readText("package.json"));
  const named = [...readText(path).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)];

  expect(named.map(([, run, short]) => run ?? short ?? "").filter((name) => !(name in scripts))).toEqual([]);
});

test.for(DOCUMENTS)("%s gives flags that the commands have", (path) => {
  const lines = readText(path).matchAll(
    /(?:^|[\s`/])(npm start --|plimsoll(?:-agent|-collector|-shim)?) ([^\n`|]*)/g,
  );
  const unknown = [...lines].flatMap(([, command = "", rest = ""]) => {
    const sources = listFiles(ROOM_OF[command] ?? "", ".ts")
      .map(readText)
      .join("\n");
    const flags = rest.match(/(?<=^|\s)--[a-z][a-z-]*/g) ?? [];
    return flags.filter(
      (flag) => !new RegExp(`${flag}\\b|["\`]${flag.slice(2)}["\`]|\\b${flag.slice(2)}:`).test(sources),
    );
  });

  expect(unknown).toEqual([]);
});

test.for(DOCUMENTS)("%s links to files that exist", (path) => {
  const links = [...readText(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = ""]) => link);

  expect(links.filter((link) => !existsSync(join(ROOT, dirname(path), link)))).toEqual([]);
});
