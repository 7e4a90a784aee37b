import { describe, expect, test } from "vitest";
import { openChoices } from "../../../../lxcfs-shim/view/choices.ts";
import { DEFAULT_VIEW_OPTIONS } from "../../../../lxcfs-shim/view/view-options.ts";

const unified = (path: string) => ({ unified: path, controllers: new Map<string, string>() });

function matches(cgroup: string, path: string): boolean {
  const choices = { ...DEFAULT_VIEW_OPTIONS, loadavg: false };
  const choicesOf = openChoices({ ...DEFAULT_VIEW_OPTIONS, exceptions: [{ cgroup, choices }] });
  return choicesOf(unified(path)) === choices;
}

describe("a pattern", () => {
  test.for([
    ["/docker/web", "/docker/web", true],
    ["/docker/web", "/docker/web2", false],
    ["/docker/*", "/docker/web", true],
    ["/docker/*", "/docker/web/inner", false],
    ["/docker/**", "/docker/web/inner", true],
    ["/**/cri-*.scope", "/kubepods.slice/kubepods-pod7.slice/cri-web.scope", true],
    ["/docker-*.scope", "/docker-webxscope", false],
    ["/a+(b)[c]", "/a+(b)[c]", true],
  ] as const)("%s and %s: %s", ([pattern, path, expected]) => {
    expect(matches(pattern, path)).toBe(expected);
  });
});

test("the path on any hierarchy will do", () => {
  const choices = { ...DEFAULT_VIEW_OPTIONS, loadavg: false };
  const choicesOf = openChoices({ ...DEFAULT_VIEW_OPTIONS, exceptions: [{ cgroup: "/docker/*", choices }] });

  expect(choicesOf({ unified: undefined, controllers: new Map([["memory", "/docker/web"]]) })).toBe(choices);
  expect(choicesOf({ unified: "/", controllers: new Map([["memory", "/"]]) })).toBe(choicesOf(unified("/x")));
});

test("of several the first counts", () => {
  const [first, second] = [
    { ...DEFAULT_VIEW_OPTIONS, cpus: "host" },
    { ...DEFAULT_VIEW_OPTIONS, cpus: "cpuset" },
  ] as const;
  const exceptions = [
    { cgroup: "/docker/web", choices: first },
    { cgroup: "/docker/*", choices: second },
  ];
  const choicesOf = openChoices({ ...DEFAULT_VIEW_OPTIONS, exceptions });

  expect(choicesOf(unified("/docker/web"))).toBe(first);
  expect(choicesOf(unified("/docker/db"))).toBe(second);
});
