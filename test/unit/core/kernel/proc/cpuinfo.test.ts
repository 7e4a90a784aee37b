import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cpuinfo, parseCpuinfo, readCpuinfo } from "../../../../../core/kernel/proc/cpuinfo.ts";
import { fixtureHost, fixtureTexts, tempHost } from "../hosts.ts";

const ARM32 = `processor\t: 0
model name\t: ARMv7 Processor rev 4 (v7l)

processor\t: 1
model name\t: ARMv7 Processor rev 4 (v7l)

Hardware\t: BCM2835
Revision\t: a02082
`;

const OLD_ARM = `Processor\t: ARMv7 Processor rev 10 (v7l)
processor\t: 0
BogoMIPS\t: 1581.05

processor\t: 1
BogoMIPS\t: 1581.05

Features\t: swp half thumb
`;

const S390X = `vendor_id       : IBM/S390
# processors    : 2
bogomips per cpu: 3033.00
processor 0: version = FF,  identification = 0133E8,  machine = 2964
processor 1: version = FF,  identification = 0133E8,  machine = 2964

cpu number      : 0
cpu MHz dynamic : 5000

cpu number      : 1
cpu MHz dynamic : 5000
`;

function reassemble({ header, blocks, trailer }: Cpuinfo): string {
  return header + blocks.map((block) => block.text).join("") + trailer;
}

describe("parseCpuinfo", () => {
  it("cuts the file into the blocks of its processors", () => {
    const [text = ""] = fixtureTexts(/proc\/cpuinfo$/);
    const { header, blocks, trailer } = parseCpuinfo(text);
    expect({ header, trailer }).toEqual({ header: "", trailer: "" });
    for (const block of blocks) expect(block.text).toMatch(/^processor\t: \d+\n(.+\n)+\n$/);
  });

  it("keeps arm's lines about the machine apart", () => {
    expect(parseCpuinfo(ARM32)).toMatchObject({
      header: "",
      blocks: [{ processor: 0 }, { processor: 1 }],
      trailer: "Hardware\t: BCM2835\nRevision\t: a02082\n",
    });
  });

  it("takes old arm's Processor for a header", () => {
    const { header, blocks, trailer } = parseCpuinfo(OLD_ARM);
    expect(header).toBe("Processor\t: ARMv7 Processor rev 10 (v7l)\n");
    expect(blocks[1]).toEqual({ processor: 1, text: "processor\t: 1\nBogoMIPS\t: 1581.05\n\n" });
    expect(trailer).toBe("Features\t: swp half thumb\n");
  });

  it("finds s390x's one line per processor", () => {
    const { blocks, trailer } = parseCpuinfo(S390X);
    expect(blocks.map((block) => block.processor)).toEqual([0, 1]);
    expect(trailer).toMatch(/^cpu number {6}: 0\n/);
  });

  it("leaves what stands between two blocks with the first", () => {
    const { blocks } = parseCpuinfo("processor : 0\n\nodd : 1\nprocessor : 1\n");
    expect(blocks.map((block) => block.text)).toEqual(["processor : 0\n\nodd : 1\n", "processor : 1\n"]);
  });

  it.each([...fixtureTexts(/proc\/cpuinfo$/), ARM32, OLD_ARM, S390X, ""])("loses no byte (%#)", (text) => {
    expect(reassemble(parseCpuinfo(text))).toBe(text);
  });

  it("loses no byte of any lines", () => {
    const line = fc.constantFrom(
      "processor\t: 0",
      "processor 3: x",
      "",
      "Hardware : x",
      "flags : fpu",
      "processor : x",
    );
    const text = fc.array(line).map((lines) => lines.map((line) => `${line}\n`).join(""));
    fc.assert(
      fc.property(text, (text) => {
        expect(reassemble(parseCpuinfo(text))).toBe(text);
      }),
    );
  });

  it("refuses a cut line", () => expect(() => parseCpuinfo("processor\t: 1")).toThrow("cpuinfo:1: "));
});

describe("readCpuinfo", () => {
  it.each([
    ["arm64", 4],
    ["many-cpu", 64],
    ["v1-hybrid", 2],
  ])("%s has %d processors", (name, count) => {
    const processors = readCpuinfo(fixtureHost(name))?.blocks.map((block) => block.processor);
    expect(processors).toEqual(Array.from({ length: count }, (_, id) => id));
  });

  it("is undefined without the file", () => expect(readCpuinfo(tempHost({}))).toBeUndefined());
});
