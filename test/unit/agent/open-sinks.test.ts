import { expect, test } from "vitest";
import { openSinks } from "../../../agent/open-sinks.ts";
import { parseDestination } from "../../../agent/sinks/index.ts";
import { errorLine } from "../../../core/runtime/errors.ts";

const namesOf = async (...push: readonly unknown[]) => {
  const destinations = push.map((value) => parseDestination({ option: "push", value }));
  return (await openSinks({ destinations, intervalMs: 10_000 })).map(({ name }) => name);
};

test("a destination is called by its URL without secrets, or as it is told", async () => {
  expect(
    await namesOf("influx+http://u:p@a/write?db=x", { url: "influx+http://a/write?db=y", name: "y" }),
  ).toEqual(["influx+http://a/write", "y"]);
});

test.each([
  ["influx+http://a", "influx+http://a/write?db=y"],
  ["graphite+tcp://a:2003/p", { url: "graphite+tcp://a/p" }],
  [
    { url: "otlp+http://a/", name: "b" },
    { url: "otlp+http://c/", name: "b" },
  ],
])("%j and %j would be one", async (...push) => {
  const failure = await namesOf(...push).catch(errorLine);

  expect(failure).toMatch(/^push: .* stands twice \(hint: give one of them a name of its own\)$/);
});
