/* What an engine can put on. Pure. */
import type { Schemas } from "@proteus/client";

/** Whether any of the engines can put it on; everything is offered while none is known. */
export function wearable(category: string, engines: Pick<Schemas["ModelBody"], "categories">[]): boolean {
  return engines.length === 0 || engines.some((one) => (one.categories as string[]).includes(category));
}
