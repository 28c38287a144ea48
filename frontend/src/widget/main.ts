/* What a shop's page loads: it names the element, once. */
import { NAME, ProteusTryon } from "./element.ts";

if (!customElements.get(NAME)) customElements.define(NAME, ProteusTryon);
