import { expect, test } from "vitest";
import { exec } from "../../../../agent/sources/exec.ts";
import { recordLog } from "../../../support/record-log.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("pages of programs, each with its success and duration; one that fails costs itself", async () => {
  const log = recordLog();
  const plugins = { good: ["echo", "jobs 5"], bad: ["echo", "jobs"], gone: ["/no/such/program"] };
  const series = await openSource(exec, { plugins }, { log })(tickIn());
  const lines = sampleLines(series).filter((line) => !line.includes("duration"));

  expect(lines).toEqual([
    "jobs 5",
    'plimsoll_agent_plugin_success{plugin="good"} 1',
    'plimsoll_agent_plugin_success{plugin="bad"} 0',
    'plimsoll_agent_plugin_success{plugin="gone"} 0',
  ]);
  expect(log.lines.map(({ fields }) => fields.plugin)).toEqual(["bad", "gone"]);
  expect(series.filter(({ name }) => name === "plimsoll_agent_plugin_duration_seconds")).toHaveLength(3);
});

test.each([
  [{ plugins: [] }, "exec: plugins must be a mapping"],
  [{ plugins: { a: "ls" } }, "exec: plugins a must be a list of words"],
  [{ plugins: { a: [] } }, "exec: plugins a must be a list of words"],
  [{ timeout: 5 }, "exec: timeout must be a duration"],
  [{ timeout: "5" }, 'exec: timeout "5" is not a duration'],
])("%j is refused: %s", (options, message) => {
  expect(() => openSource(exec, options)).toThrow(message);
});

test("only for those who ask, once a minute", () => {
  expect(exec).toMatchObject({ isOn: false, intervalMs: 60_000 });
});
