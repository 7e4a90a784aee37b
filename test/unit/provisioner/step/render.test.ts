import { expect, test } from "vitest";
import { renderBytes, renderStep } from "../../../../provisioner/step/render.ts";

const machine = { id: "6f1c", name: "web" };

test("a step is a line that begins with the machine's name", () => {
  expect(renderStep({ kind: "startContainer", machine, generation: 3 })).toBe("web: start container 3");
  expect(renderStep({ kind: "reserveAddress", machine, network: "front", address: "10.0.0.9" })).toBe(
    "web: reserve 10.0.0.9 of network front",
  );
});

test.for([
  [0, "0 B"],
  [1023, "1023 B"],
  [512 * 2 ** 20, "512 MiB"],
  [1.5 * 2 ** 30, "1.5 GiB"],
  [2 ** 50, "1024 TiB"],
] as const)("%d bytes are %s", ([bytes, text]) => {
  expect(renderBytes(bytes)).toBe(text);
});
