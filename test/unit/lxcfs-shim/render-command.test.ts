import { expect, test } from "vitest";
import { renderCommand } from "../../../lxcfs-shim/render-command.ts";

test("the help names the files and has examples", () => {
  let help = "";
  const command = renderCommand().configureOutput({ writeOut: (text) => (help += text) });
  expect(() => command.parse(["--help"], { from: "user" })).toThrow();

  expect(help).toMatch(/loadavg, meminfo,\s/);
  expect(help).toMatch(/Examples:\n {2}\$ plimsoll-shim render/);
});

test("a process must be named", () => {
  expect(() => renderCommand().parse([], { from: "user" })).toThrow(/--pid/);
});
