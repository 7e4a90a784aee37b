import { describe, expect, it } from "vitest";
import {
  type Line,
  parseDecimal,
  parseFields,
  parseLines,
  parseOneLine,
  parseUnsigned,
} from "../../../../core/kernel/lines.ts";

const line: Line = { path: "f", number: 2, text: "the line" };

describe("parseLines", () => {
  it("numbers the lines from 1", () => {
    expect(parseLines("a\n\nb\n", "f")).toEqual([
      { path: "f", number: 1, text: "a" },
      { path: "f", number: 2, text: "" },
      { path: "f", number: 3, text: "b" },
    ]);
  });

  it("finds no line in an empty file", () => expect(parseLines("", "f")).toEqual([]));

  it("refuses a last line that was cut", () => {
    expect(() => parseLines("a 1\nb 12", "f")).toThrow('f:2: cannot parse "b 12"');
  });
});

describe("parseOneLine", () => {
  it("takes the first line", () => expect(parseOneLine("max\n", "f").text).toBe("max"));
  it("refuses an empty file", () => expect(() => parseOneLine("", "f")).toThrow("f:1: ends too early"));
});

describe("numbers", () => {
  it.each(["", "-1", "1.5", "0x10", "1e3", " 1", "9".repeat(21), undefined])(
    "parseUnsigned refuses %j",
    (field) => {
      expect(() => parseUnsigned(field, line)).toThrow('f:2: cannot parse "the line"');
    },
  );

  it.each(["", "-1", ".5", "1.", "1,5", "9".repeat(21), undefined])("parseDecimal refuses %j", (field) => {
    expect(() => parseDecimal(field, line)).toThrow('f:2: cannot parse "the line"');
  });

  it("reads what the kernel prints", () => {
    expect(parseUnsigned("18446744073709551615", line)).toBe(2 ** 64);
    expect(parseDecimal("0.08", line)).toBe(0.08);
    expect(parseDecimal("12", line)).toBe(12);
  });
});

it("parseFields splits at any blanks", () => expect(parseFields("  8  0\tsda ")).toEqual(["8", "0", "sda"]));
