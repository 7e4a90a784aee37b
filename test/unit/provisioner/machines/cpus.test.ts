import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseCpuset, parseCpuset, renderCpuset } from "../../../../provisioner/machines/cpus.ts";

test("a list is read and written as the kernel does", () => {
  expect(parseCpuset("0-2,5\n")).toEqual([0, 1, 2, 5]);
  expect(renderCpuset([5, 2, 1, 0])).toBe("0-2,5");
  expect(() => parseCpuset("0-x")).toThrow("BUG");
});

test("as many as the share comes to, those given to the fewest first", () => {
  expect(chooseCpuset([0, 1, 2, 3], [], 0.5)).toBe("0");
  expect(chooseCpuset([0, 1, 2, 3], ["0", "1"], 2)).toBe("2-3");
  expect(chooseCpuset([0, 1], ["0", "0-1"], 1.5)).toBe("0-1");
});

test("the shares of many are spread as evenly as can be", () => {
  const online = [0, 1, 2, 3];
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (count) => {
      const given: string[] = [];
      for (let i = 0; i < count; i++) given.push(chooseCpuset(online, given, 1));
      const load = online.map((cpu) => given.filter((each) => parseCpuset(each).includes(cpu)).length);

      expect(Math.max(...load) - Math.min(...load)).toBeLessThanOrEqual(1);
    }),
  );
});
