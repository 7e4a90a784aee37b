import { expect, test } from "vitest";
import { UsageError } from "../../../core/runtime/errors.ts";
import { serveCommand } from "../../../provisioner/serve-command.ts";

const command = () => serveCommand(new AbortController().signal);

test("its help shows how to ask it", () => {
  const written: string[] = [];
  command()
    .configureOutput({ writeOut: (text) => void written.push(text) })
    .outputHelp();

  expect(written.join("")).toContain("curl --unix-socket");
});

test.for([
  ["--interval", "often"],
  ["--orphan-rest", "0s"],
  ["--stop-within", "never"],
])("%s %s is refused", async ([flag, value]) => {
  await expect(command().parseAsync([flag ?? "", value ?? ""], { from: "user" })).rejects.toThrow(UsageError);
});
