import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal, type Reply, type Route, type RouteRequest } from "../http/route.ts";

/** Where the build puts them: the folder that holds their sources, in dist. */
export const PAGE_FOLDER: string = fileURLToPath(new URL("../page", import.meta.url));

const SHELL = "index.html";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing from elsewhere and nothing inline: what a label says is never a script. */
const SECURITY = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** Asked for again each time, sent again only when it is another one. */
const REVALIDATED = { "cache-control": "no-cache" } as const;

interface Asset {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

/**
 * The page: one document for its addresses, and the files it names. `/` is `index`, a text, for whoever does
 * not ask for HTML. A checkout that is not built has no page.
 */
export function pageRoutes(index: Route, folder: string = PAGE_FOLDER): readonly Route[] {
  const assets = readAssets(folder);
  const shell = ({ headers }: RouteRequest): Reply => assetReply(assets, SHELL, headers["if-none-match"]);
  return [
    {
      ...index,
      handle: (request) =>
        assets.has(SHELL) && prefersHtml(request) ? shell(request) : withVary(index, request),
    },
    { method: "GET", path: "/machines/{ip}", summary: "the page of one machine", handle: shell },
    { method: "GET", path: "/capacity", summary: "the page of the fleet's capacity", handle: shell },
    {
      method: "GET",
      path: "/page/{file}",
      summary: "what the page is made of",
      handle: ({ params, headers }) => assetReply(assets, params.file ?? "", headers["if-none-match"]),
    },
  ];
}

function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
  // Without its script the document is an empty one.
  if (!names.some((name) => extname(name) === ".js")) return new Map();
  return new Map(names.map((name) => [name, readAsset(join(folder, name))]));
}

function readAsset(path: string): Asset {
  const body = readFileSync(path);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const vary = extname(path) === ".html" ? { vary: "accept" } : {};
  const type = { "content-type": TYPES[extname(path)] ?? "" };
  return { body, etag, headers: { ...type, ...SECURITY, ...REVALIDATED, ...vary, etag } };
}

function assetReply(assets: ReadonlyMap<string, Asset>, name: string, known: string | undefined): Reply {
  const asset = assets.get(name);
  if (asset === undefined) throw new Refusal(404, `no file ${name} of the page: npm run build makes them`);
  const isKnown = known?.split(/\s*,\s*/).includes(asset.etag);
  if (isKnown) return { status: 304, headers: asset.headers };
  return { status: 200, headers: asset.headers, body: asset.body };
}

/** A browser names HTML first; curl and scripts take anything. */
function prefersHtml({ headers }: RouteRequest): boolean {
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/.test(headers.accept ?? "");
}

async function withVary(index: Route, request: RouteRequest): Promise<Reply> {
  const reply = await index.handle(request);
  return { ...reply, headers: { ...reply.headers, vary: "accept" } };
}
