import { expect, test } from "vitest";
import { openLiveView } from "../../../../provisioner/up/live-view.ts";

function output(isTTY: boolean): { readonly stream: NodeJS.WriteStream; text(): string } {
  let text = "";
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  return { stream: { isTTY, columns: 30, write } as unknown as NodeJS.WriteStream, text: () => text };
}

test("on a terminal the line is rewritten in place, cut to its width, and left standing at the end", () => {
  const { stream, text } = output(true);
  const view = openLiveView(stream);

  view.show("first");
  view.show("x".repeat(50));
  view.close();

  expect(text()).toBe(`\r\u001b[2Kfirst\r\u001b[2K${"x".repeat(29)}\n`);
});

test("elsewhere each change is a line of its own", () => {
  const { stream, text } = output(false);
  const view = openLiveView(stream);

  view.show("first");
  view.show("first");
  view.show("second");
  view.close();

  expect(text()).toBe("first\nsecond\n");
});
