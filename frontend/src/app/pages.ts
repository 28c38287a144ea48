/*
 * The pages there are: a path under /app, a name in the navigation, and how its code is loaded.
 *
 * A page is a folder of `features` with an `index.tsx` whose default export is the page. It is loaded when it is opened; what
 * it imports stays out of the first load. Studio is the exception: nearly every visit begins there.
 */
import { type ComponentType, lazy } from "react";
import { Studio } from "../features/studio/index.tsx";
import type { Strings } from "../strings/index.ts";

export interface Page {
  /** Below /app; "" is the first page. */
  path: string;
  name: (strings: Strings) => string;
  body: ComponentType;
  /** Named in the navigation only where somebody has signed in as one: shoppers have no use for it. */
  forOperators?: boolean;
}

export const PAGES: readonly Page[] = [
  { path: "", name: (strings) => strings.app.studio, body: Studio },
  { path: "mirror", name: (strings) => strings.mirror.name, body: lazy(() => import("../features/mirror/index.tsx")) },
  { path: "history", name: (strings) => strings.history.name, body: lazy(() => import("../features/history/index.tsx")) },
  { path: "fleet", name: (strings) => strings.fleet.name, body: lazy(() => import("../features/fleet/index.tsx")), forOperators: true },
];
