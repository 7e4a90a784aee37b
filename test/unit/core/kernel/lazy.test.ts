import { expect, test } from "vitest";
import { lazyClass } from "../../../../core/kernel/lazy.ts";

interface Shape {
  readonly a: number;
  readonly b?: string | undefined;
}

test("each property is made when first asked for, once, and of its own object", () => {
  const shape = lazyClass<Shape>();
  const made: string[] = [];
  const open = (a: number) =>
    shape({
      a: () => {
        made.push(`a ${a}`);
        return a;
      },
      b: () => {
        made.push(`b ${a}`);
        return undefined;
      },
    });
  const [one, two] = [open(1), open(2)];
  expect(made).toEqual([]);

  expect([one.a, one.a, two.b, two.b, two.a]).toEqual([1, 1, undefined, undefined, 2]);
  expect(made).toEqual(["a 1", "b 2", "a 2"]);
  expect(one).toMatchObject({ a: 1 });
});
