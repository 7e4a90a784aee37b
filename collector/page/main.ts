import { CapacityView } from "./capacity-view.ts";
import { find, setText } from "./dom.ts";
import { ListView } from "./list-view.ts";
import { MachineView } from "./machine-view.ts";
import { openTheme, toggleTheme } from "./theme.ts";
import type { View } from "./view.ts";

const place = find("main");
const notice = find(".notice");
let view: View | undefined;

function tell(problem: string): void {
  setText(notice, problem === "" ? "" : `not up to date: ${problem}`);
}

function viewOf(path: string): View {
  const [, ip] = /^\/machines\/([^/]+)$/.exec(path) ?? [];
  if (ip !== undefined) return new MachineView(decodeURIComponent(ip), tell);
  return path === "/capacity" ? new CapacityView(tell) : new ListView(tell);
}

function show(): void {
  view?.close();
  tell("");
  view = viewOf(location.pathname);
  place.replaceChildren();
  place.dataset.view = view instanceof ListView ? "list" : view.page;
  document.title = `${view.title} · Plimsoll`;
  for (const link of document.querySelectorAll<HTMLElement>("nav a")) {
    if (link.dataset.page === view.page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.open(place);
  place.focus({ preventScroll: true });
}

/** Links within the page change the view, unless the reader wants a tab of its own. */
function onClick(event: MouseEvent): void {
  const link =
    event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href^='/']") : null;
  if (link === null || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show();
}

function onKey(event: KeyboardEvent): void {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === "Escape" && isTyping) event.target.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "t") toggleTheme();
  if (event.key !== "/") return;
  event.preventDefault();
  if (!(view instanceof ListView)) {
    history.pushState(null, "", "/");
    show();
  }
  if (view instanceof ListView) view.focusSearch();
}

openTheme();
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
addEventListener("popstate", show);
find(".theme").addEventListener("click", toggleTheme);
show();
