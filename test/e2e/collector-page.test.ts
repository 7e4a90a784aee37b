import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { openChromium, type Tab } from "../support/chromium.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { fleetSeries, pushFleet } from "../support/page-fleet.ts";
import { gauge } from "../support/push.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const WEEK_MINUTES = 7 * 24 * 60;
/** Two weeks of history, rebuilt once. */
const LONG = { ip: "10.1.0.1", name: "shop-web-1", business: "shop", cpu: 0.25, memory: 0.5, disk: 0.9 };
const COUNT = 1000;

let url = "";
let tab: Tab;
let restart: () => Promise<void>;

const rows = `[...document.querySelectorAll(".rows .row:not([hidden])")]`;
/** The rows in the order they are seen. */
const seen = `${rows}.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)`;

async function seed(): Promise<void> {
  const about = (container: string) =>
    gauge("plimsoll_machine_info", { instance: LONG.ip, container, business: "shop", host: "node-1" });
  await pushFleet(url, [about("aaaa"), ...fleetSeries(LONG, 2 * WEEK_MINUTES, 5)]);
  await pushFleet(url, [about("bbbb")]);
  const others = Array.from({ length: COUNT - 1 }, (_, i) => {
    const ip = `10.1.${Math.floor((i + 2) / 250)}.${(i + 2) % 250}`;
    return { ip, name: `pay-${i + 2}`, business: "pay", cpu: (i + 2) / COUNT, memory: 0.3, disk: 0.2 };
  });
  for (let i = 0; i < others.length; i += 100) {
    await pushFleet(
      url,
      others.slice(i, i + 100).flatMap((machine) => fleetSeries(machine, 40, 2)),
    );
  }
}

describeIf(hasCommand("chromium"))("the page in a browser", () => {
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const options = ["--listen", `127.0.0.1:${port}`, "--trust", "any", "--data", cleanup.temporaryFolder()];
    const start = async (): Promise<RunningProgram> => {
      const program = startProgram(cleanup, programArgv("plimsoll-collector", "serve", ...options));
      await program.waitForLine(/"msg":"ready"/);
      return program;
    };
    let collector = await start();
    restart = async () => {
      expect(await collector.stop()).toBe(0);
      collector = await start();
    };
    await seed();
    tab = await openChromium(cleanup);
  });

  testIf()("a thousand machines: those in sight have rows, with figures and a drawn hour", async () => {
    await tab.goTo(url);
    await tab.until("rows", `${rows}.length > 10`);
    expect(await tab.evaluate(`document.querySelector(".count").textContent`)).toBe("1000 machines");
    expect(await tab.evaluate(`${rows}.length`)).toBeLessThan(60);
    expect(await tab.evaluate(`${seen}[0].innerText.split(/\\s*\\n\\s*/)`)).toEqual(
      expect.arrayContaining(["reporting", "10.1.0.1", "shop-web-1", "node-1", "25 %", "50 %", "90 %"]),
    );
    const drawn = `((canvas) => canvas.getContext("2d").getImageData(0, 0, 96, 24).data.some(Boolean))(${seen}[1].querySelector("canvas"))`;
    expect(await tab.evaluate(drawn)).toBe(true);
    await tab.evaluate(`document.querySelector(".table").scrollTop = 20000`);
    await tab.until(
      "rows further down",
      `${rows}.some((row) => row.getAttribute("aria-rowindex") === "510")`,
    );
    expect(await tab.evaluate(`${rows}.length`)).toBeLessThan(60);
  });

  testIf()("what is looked for and ordered by stands in the address, for whoever gets the link", async () => {
    await tab.goTo(url);
    await tab.until("rows", `${rows}.length > 10`);
    await tab.press("/");
    await tab.type("pay-77");
    await tab.until(
      "what was looked for",
      `document.querySelector(".count").textContent === "11 of 1000 machines"`,
    );
    await tab.click(".head .cpu button");
    expect(await tab.evaluate(`${seen}.map((row) => row.querySelector(".name").textContent)`)).toEqual(
      ["779", "778", "777", "776", "775", "774", "773", "772", "771", "770", "77"].map((i) => `pay-${i}`),
    );
    expect(await tab.evaluate("location.search")).toBe("?q=pay-77&sort=cpu.down");
    await tab.goTo(`${url}/?q=pay-77&sort=cpu.down`);
    await tab.until("the same", `${seen}[0]?.querySelector(".name").textContent === "pay-779"`);
    await tab.press("/");
    await tab.type("nobody");
    await tab.until(
      "that there is none",
      `document.querySelector(".empty").textContent === "No machine is like that."`,
    );
  });

  testIf()("with the keys alone: down the list, into a machine, and back", async () => {
    await tab.goTo(url);
    await tab.until("rows", `${rows}.length > 10`);
    await tab.evaluate(`document.querySelector(".table").focus()`);
    for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "Enter"]) await tab.press(key);
    await tab.until("the machine", `document.querySelector("h1").textContent === "10.1.0.1"`);
    expect(await tab.evaluate("document.title")).toBe("10.1.0.1 · Plimsoll");
    await tab.evaluate("history.back()");
    await tab.until("the list", `location.pathname === "/" && ${rows}.length > 10`);
  });

  testIf()("a machine: this week over last week, its containers, what happened; nothing moves", async () => {
    await tab.goTo(`${url}/machines/10.1.0.1`);
    const places = `JSON.stringify([...document.querySelectorAll(".panel")].map((panel) => panel.getBoundingClientRect()))`;
    await tab.until("what is known", `document.querySelector(".events td") !== null`);
    const before = await tab.evaluate(places);
    await tab.until("four charts", `document.querySelectorAll(".panel canvas").length === 4`);
    expect(await tab.evaluate(places)).toBe(before);
    const panels = await tab.evaluate<string[]>(
      `[...document.querySelectorAll(".panel")].map((panel) => panel.innerText.replaceAll(/\\s+/g, " ").trim())`,
    );
    expect(panels).toEqual([
      "CPU ±0 % mean 25 % 25 % p95 25 % 25 % max 25 % 25 %",
      "Memory ±0 % mean 50 % 50 % p95 50 % 50 % max 50 % 50 %",
      "Disk ±0 % mean 90 % 90 % p95 90 % 90 % max 90 % 90 %",
      "Network ±0 % mean 4 KiB/s 4 KiB/s p95 4 KiB/s 4 KiB/s max 4 KiB/s 4 KiB/s",
    ]);
    expect(await tab.evaluate(`document.querySelector(".about").innerText`)).toMatch(/Containers so far\s+2/);
    expect(await tab.evaluate(`document.querySelector(".events").innerText`)).toMatch(
      /rebuilt\s+.*container bbbb.*\n.*first-seen\s+.*container aaaa/,
    );
    await tab.click(`[aria-label="The last"] [data-value="1d"]`);
    await tab.until(
      "a day",
      `location.search === "?range=1d&with=7d" && document.querySelectorAll(".panel canvas").length === 4`,
    );
  });

  testIf()("capacity: what the fleet has and uses, who has too little, what is wasted", async () => {
    await waitFor(
      "some weeks read",
      async () => {
        await sleep(500);
        const capacity = (await (await fetch(`${url}/api/v1/capacity`)).json()) as { groups: object[] };
        return capacity.groups.length === 2;
      },
      60_000,
    );
    await tab.goTo(`${url}/capacity`);
    await tab.until("both groups", `document.querySelectorAll(".group").length === 2`);
    const text = (selector: string) =>
      tab.evaluate<string>(
        `document.querySelector(${JSON.stringify(selector)}).innerText.replaceAll(/\\s+/g, " ")`,
      );
    expect(await text(".tiles")).toMatch(
      /^CPU [\d.]+ % of [\d.]+ CPUs .* Memory [\d.]+ % of .* Disk [\d.]+ % of /,
    );
    expect(await text(".group:last-child")).toMatch(
      /^shop CPU 0.25 of 1 CPUs wasted: 0.75 CPUs never used Memory 4 GiB of 8 GiB .*Disk 90 GiB of 100 GiB short: 10.1.0.1 90 % full$/,
    );
    await tab.click('[data-value="host"]');
    await tab.until(
      "by host",
      `document.querySelector(".group:last-child h3")?.innerText.startsWith("node-1")`,
    );
    await tab.click(".group:last-child .short a");
    await tab.until("the machine", `document.querySelector("h1").textContent === "10.1.0.1"`);
  });

  testIf()("a machine nobody has heard of: said, not blank", async () => {
    await tab.goTo(`${url}/machines/10.9.9.9`);
    await tab.until(
      "why",
      `document.querySelector(".notice").textContent.includes("nothing has been heard of 10.9.9.9")`,
    );
  });

  testIf()("dark as the system is, until the reader chooses", async () => {
    const paper = "getComputedStyle(document.body).backgroundColor";
    await tab.goTo(url);
    await tab.prefer("light");
    const light = await tab.evaluate(paper);
    await tab.prefer("dark");
    const dark = await tab.evaluate(paper);
    expect(dark).not.toBe(light);
    await tab.until("rows", `${rows}.length > 10`);
    await tab.press("t");
    expect(await tab.evaluate(paper)).toBe(light);
    await tab.goTo(`${url}/capacity`);
    await tab.until(
      "what was chosen",
      `document.querySelector("h1")?.textContent === "Capacity" && ${paper} === ${JSON.stringify(light)}`,
    );
    await tab.press("t");
  });

  testIf()("after a restart the list has its last hour out of history", async () => {
    await restart();
    await tab.goTo(`${url}/?q=shop-web-1`);
    const course = `fetch("/api/v1/overview").then((answer) => answer.json()).then(({ machines }) =>
      machines.find(({ ip }) => ip === "10.1.0.1").memoryCourse.filter((figure) => figure !== null).length)`;
    await waitFor("its hour", async () => Number(await tab.evaluate(course)) >= 10, 30_000);
  });

  testIf()(
    "through all of it: nothing asked for elsewhere, nothing wrong but what was not there",
    async () => {
      expect(
        tab.requests.filter((asked) => !asked.startsWith(`${url}/`) && !asked.startsWith("data:")),
      ).toEqual([]);
      expect(tab.problems.filter((problem) => !problem.includes("status of 404"))).toEqual([]);
    },
  );
});
