import { expect, test } from "vitest";
import { confirm } from "../../../provisioner/confirm.ts";

test("where there is no terminal nobody is asked, and nothing is taken for a yes", async () => {
  const asked = { command: "host fence", lines: ["a line"], question: "Is it off?", hint: "--yes says so" };

  await expect(confirm(asked, new AbortController().signal)).rejects.toMatchObject({
    code: "USAGE",
    message: "host fence: nobody can be asked",
    hint: "--yes says so",
  });
});
