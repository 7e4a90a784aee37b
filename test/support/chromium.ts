import { WebSocket } from "undici";
import type { Cleanup } from "./cleanup.ts";
import { startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

/** A tab of Debian's Chromium, driven over its DevTools protocol: what a reader sees and does. */
export interface Tab {
  goTo(url: string): Promise<void>;
  /** Waits until an expression of the page is true, or anything else than false and undefined, and returns it. */
  until<T>(what: string, expression: string): Promise<T>;
  evaluate<T>(expression: string): Promise<T>;
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  /** The middle of what the selector finds. */
  click(selector: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** Like the reader's system. */
  prefer(scheme: "light" | "dark"): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Everything that was asked for, and everything that went wrong: exceptions, console errors, refused policies. */
  readonly requests: readonly string[];
  readonly problems: readonly string[];
}

type Message = Readonly<Record<string, unknown>>;

const FLAGS = [
  "--headless=new",
  "--no-sandbox", // the tests are root's
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--no-first-run",
  "--remote-debugging-port=0",
];

export async function openChromium(cleanup: Cleanup): Promise<Tab> {
  const folder = cleanup.temporaryFolder();
  const program = startProgram(cleanup, ["chromium", ...FLAGS, `--user-data-dir=${folder}`, "about:blank"]);
  const line = await program.waitForLine(/DevTools listening on ws:/, 60_000);
  const [, origin] = /ws:\/\/([^/]+)/.exec(line) ?? [];
  const pages = (await (await fetch(`http://${origin}/json`)).json()) as {
    readonly type: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const url = pages.find(({ type }) => type === "page")?.webSocketDebuggerUrl ?? "";
  const connection = await openConnection(url);
  cleanup.add("tab", () => connection.close());
  return openTab(connection);
}

interface Connection {
  send(method: string, params?: Message): Promise<Message>;
  readonly events: { method: string; params: Message }[];
  close(): void;
}

async function openConnection(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, { resolve(result: Message): void; reject(error: Error): void }>();
  const events: Connection["events"] = [];
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error, method, params } = JSON.parse(String(data));
    if (method !== undefined) events.push({ method, params });
    else if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error.message));
    waiting.delete(id);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  let lastId = 0;
  return {
    events,
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        waiting.set(++lastId, { resolve, reject });
        socket.send(JSON.stringify({ id: lastId, method, params }));
      }),
    close: () => socket.close(),
  };
}

async function openTab({ send, events }: Connection): Promise<Tab> {
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await send(`${domain}.enable`);
  const resize = async (width: number, height: number): Promise<void> => {
    await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  };
  await resize(1440, 900);
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = (await send("Runtime.evaluate", {
      ...{ expression, returnByValue: true, awaitPromise: true },
    })) as { result: { value: T }; exceptionDetails?: unknown };
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  const mouse = (type: string, x: number, y: number): Promise<Message> =>
    send("Input.dispatchMouseEvent", { ...{ type, x, y, button: "left", clickCount: 1 } });
  return {
    evaluate,
    resize,
    goTo: async (url) => void (await send("Page.navigate", { url })),
    until: (what, expression) =>
      // While a page is being left there is nothing to ask.
      waitFor(what, () => evaluate(expression).catch(() => undefined)) as Promise<never>,
    press: async (key) => {
      const text = key.length === 1 ? { text: key } : key === "Enter" ? { text: "\r" } : {};
      for (const type of ["keyDown", "keyUp"])
        await send("Input.dispatchKeyEvent", { type, key, code: key, ...text });
    },
    type: async (text) => void (await send("Input.insertText", { text })),
    click: async (selector) => {
      const [x, y] = await evaluate<[number, number]>(
        `(({x, y, width, height}) => [x + width / 2, y + height / 2])(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`,
      );
      for (const type of ["mouseMoved", "mousePressed", "mouseReleased"]) await mouse(type, x, y);
    },
    prefer: async (value) =>
      void (await send("Emulation.setEmulatedMedia", {
        features: [{ name: "prefers-color-scheme", value }],
      })),
    screenshot: async () => Buffer.from(String((await send("Page.captureScreenshot")).data), "base64"),
    get requests() {
      return paramsOf(events, "Network.requestWillBeSent").map(
        ({ request }) => (request as { url: string }).url,
      );
    },
    get problems() {
      return [
        ...paramsOf(events, "Runtime.exceptionThrown").map((params) => JSON.stringify(params)),
        ...paramsOf(events, "Log.entryAdded").map(({ entry }) => (entry as { text: string }).text),
        ...paramsOf(events, "Runtime.consoleAPICalled").map(({ args }) => JSON.stringify(args)),
      ];
    },
  };
}

function paramsOf(events: Connection["events"], method: string): readonly Message[] {
  return events.filter((event) => event.method === method).map(({ params }) => params);
}
