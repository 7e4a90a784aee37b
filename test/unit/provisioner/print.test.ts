import { afterEach, expect, test, vi } from "vitest";
import { print } from "../../../provisioner/print.ts";

afterEach(() => vi.restoreAllMocks());

function printed(options: { readonly json?: true }): string {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  print(options, [{ name: "web" }], () => "web\n");
  return String(write.mock.calls[0]?.[0]);
}

test("a line of JSON where it is asked for, else the text", () => {
  expect(printed({ json: true })).toBe('[{"name":"web"}]\n');
  vi.restoreAllMocks();
  expect(printed({})).toBe("web\n");
});
