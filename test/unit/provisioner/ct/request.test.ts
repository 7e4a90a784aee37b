import { expect, test } from "vitest";
import { type ChangeRequest, CREATE_DEFAULTS, checkRequest } from "../../../../provisioner/ct/request.ts";

const create = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

test.for<[ChangeRequest, string]>([
  [{ ...create, image: "../containers/web" }, "--image"],
  [{ ...create, count: 0 }, "--count"],
  [{ ...create, count: 2, ip: "10.0.0.7" }, "--ip"],
  [{ kind: "rebuild", names: ["web"], image: "a b" }, "--image"],
  [{ kind: "rebuild", names: ["web"], image: "debian:13", command: ["\0"] }, "COMMAND"],
  [{ kind: "resize", names: ["web"] }, "--cpus"],
])("%j is refused before anybody is asked", ([request, word]) => {
  expect(() => checkRequest(request)).toThrow(word);
});

test("what can be asked", () => {
  checkRequest(create);
  checkRequest({ kind: "rebuild", names: ["web"], image: "debian:13", command: ["sleep", "1"] });
  checkRequest({ kind: "resize", names: ["web"], disk: "2G" });
});
