import { UsageError } from "../../core/runtime/errors.ts";
import { withoutCredentials } from "../forward-url.ts";

export interface PromqlUrl {
  /** Of the API's root: `http://host:9090`, or below a prefix such as Mimir's `/prometheus`. */
  readonly url: URL;
  /** Without credentials: for logs and messages. */
  readonly name: string;
}

/** `prometheus+http://host:9090`, `prometheus+https://user:password@host/prefix`. Throws UsageError naming `option` otherwise. */
export function parsePromqlUrl(option: string, text: string): PromqlUrl {
  const [, target] = /^prometheus\+(https?:\/\/.+)$/.exec(text) ?? [];
  if (target === undefined || !URL.canParse(target)) {
    throw new UsageError(
      `${option}: ${JSON.stringify(withoutCredentials(text))} is not a URL to read history from`,
      {
        hint: "prometheus+http://HOST:PORT, or https, with whatever comes before /api/v1",
      },
    );
  }
  const url = new URL(target);
  url.pathname = url.pathname.replace(/\/+$/, "");
  return { url, name: `prometheus+${url.origin}${url.pathname.replace(/^\/$/, "")}` };
}
