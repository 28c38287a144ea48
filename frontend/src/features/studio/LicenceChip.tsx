/* What may be done with an engine's pictures, in one chip. */
import type { Schemas } from "@proteus/client";
import { useStrings } from "../../strings/index.ts";

export function LicenceChip({ model }: { model: Schemas["ModelBody"] }) {
  const { studio } = useStrings();
  const terms = model.commercial_terms;
  const words = { yes: studio.commercialYes, tag_only: studio.commercialDoubt, no: studio.commercialNo };
  return (
    <span className={terms === "yes" ? "chip good" : "chip warm"} data-terms={terms}>
      {words[terms]}
    </span>
  );
}
