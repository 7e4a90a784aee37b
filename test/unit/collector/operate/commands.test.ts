import { expect, test } from "vitest";
import { buildCommandLine } from "../../../../collector/command-line.ts";

const program = () => buildCommandLine(new AbortController().signal);

test("doctor takes what serve takes, and --json", () => {
  const flags = (name: string) =>
    program()
      .commands.find((command) => command.name() === name)
      ?.options.map(({ long }) => long);
  expect(flags("doctor")).toEqual([...(flags("serve") ?? []), "--json"]);
  expect(flags("status")).toEqual(["--url", "--config", "--json"]);
});

test("a URL that is none is wrong usage", async () => {
  const asked = program().parseAsync(["status", "--url", "10.0.0.1:9465"], { from: "user" });
  await expect(asked).rejects.toMatchObject({
    code: "USAGE",
    message: '--url: "10.0.0.1:9465" is not http://HOST:PORT',
  });
});
