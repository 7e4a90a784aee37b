import { expect, test } from "vitest";
import { cpuPressure, ioPressure, irqPressure } from "../../../../lxcfs-shim/proc-files/pressure.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const text =
  "some avg10=1.00 avg60=0.50 avg300=0.10 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
const zeros = text.replaceAll(/=[\d.]+\.\d\d/g, "=0.00").replaceAll(/total=\d+/g, "total=0");
const host = hostText({ "pressure/cpu": text });

test("is the text of the cgroup", () => {
  expect(cpuPressure.render(viewOf({ pressure: { cpu: text } }), host)).toBe(text);
});

test("is none where it is torn", () => {
  expect(cpuPressure.render(viewOf({ pressure: { cpu: text.slice(0, -5) } }), host)).toBe(zeros);
});

test("is none where the cgroup has none, never the host's", () => {
  expect(cpuPressure.render(viewOf({}), host)).toBe(zeros);
  expect(ioPressure.render(viewOf({ pressure: { cpu: text } }), host)).toBe(zeros);
  expect(irqPressure.render(viewOf({}), host)).toBe(zeros.split("\n").slice(1).join("\n"));
  expect(ioPressure.underived?.(viewOf({ pressure: { cpu: text } }))).toEqual(["every line"]);
});
