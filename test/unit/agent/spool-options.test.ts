import { expect, test } from "vitest";
import { parseSpool, SPOOL_DIRECTORY } from "../../../agent/spool-options.ts";

const given = (value: string) => ({ option: "--spool", value });

test("a directory, with bounds by default or chosen", () => {
  expect(parseSpool(given("/var/spool"), undefined, undefined)).toEqual({
    directory: "/var/spool",
    maxBytes: 32 * 2 ** 20,
    maxAgeMs: 48 * 3_600_000,
    isFallback: false,
  });
  expect(parseSpool(given("/var/spool"), given("1GiB"), given("1h"))).toMatchObject({
    maxBytes: 2 ** 30,
    maxAgeMs: 3_600_000,
  });
});

test("none is memory on purpose; without an option it is where the default directory is missing", () => {
  expect(parseSpool(given("none"), undefined, undefined)).toMatchObject({
    directory: undefined,
    isFallback: false,
  });
  const { directory, isFallback } = parseSpool(undefined, undefined, undefined);
  expect([directory ?? SPOOL_DIRECTORY, directory === undefined]).toEqual([SPOOL_DIRECTORY, isFallback]);
});

test.for([
  ["spool", "", "is not an absolute path"],
  ["spool/x", "", "is not an absolute path"],
  ["/x", "10", "is not a size"],
  ["/x", "1KiB", "is not a size"],
  ["/x", "10MB", "is not a size"],
] as const)("%s with %s is refused", ([directory, size, message]) => {
  expect(() => parseSpool(given(directory), size === "" ? undefined : given(size), undefined)).toThrow(
    message,
  );
});
