import { expect, test } from "vitest";
import { deadLettersCommand } from "../../../../collector/dead-letters/dead-letters-command.ts";

test.for([["list", "extra"], ["show", "--limit"], ["resubmit", "--zzz"], ["nothing"]])(
  "%j is refused",
  async (argv) => {
    await expect(deadLettersCommand().parseAsync(argv, { from: "user" })).rejects.toThrow(/error:/);
  },
);

test("each has the options that say which letters are meant", () => {
  for (const { options, commands } of deadLettersCommand().commands) {
    expect(commands).toEqual([]);
    expect(options.map(({ long }) => long)).toEqual(
      expect.arrayContaining(["--data", "--config", "--sink", "--reason", "--json"]),
    );
  }
});
