/*
 * <proteus-tryon garment="/pictures/shirt.jpg" token-url="/proteus-token">: the try-on of one product on a shop's page.
 *
 * Everything is in a shadow tree: the shop's styles do not reach it but by custom properties and parts, and its own reach nothing else.
 */
import { h } from "./dom.ts";
import { type Category, Flow, type State } from "./flow.ts";
import { stringsFor } from "./strings.ts";
import { type Ask, asking, TokenSource } from "./tokens.ts";
import { View } from "./view.ts";
import css from "./widget.css?inline";

export const NAME = "proteus-tryon";

/** The gateway is where this script came from. */
const GATEWAY = new URL(import.meta.url).origin;
const CATEGORIES: readonly string[] = ["auto", "upper", "lower", "overall", "dress", "inner", "outer", "shoes", "bag", "hat"] satisfies Category[];

/** By the shop's endpoint: all elements of a page are one shopper. */
const sources = new Map<string, TokenSource>();
let sheet: CSSStyleSheet | undefined;

export class ProteusTryon extends HTMLElement {
  static readonly observedAttributes = ["garment", "gateway", "token-url", "lang"];

  private readonly launch = h("button", { type: "button", class: "launch", part: "button", "aria-haspopup": "dialog", click: () => this.open() });
  private readonly label = h("slot");
  private parts: { flow: Flow; view: View } | null = null;
  private given: Ask | null = null;
  private shown = "";

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    // A sheet of our own is no inline style, so a policy without 'unsafe-inline' allows it.
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    root.adoptedStyleSheets = [sheet];
    this.launch.append(this.label);
    root.append(this.launch);
  }

  /** How to get a token, where the shop's page does that by itself; set before the first use. */
  set getToken(ask: Ask | null) {
    this.given = ask;
    this.reset();
  }
  get getToken(): Ask | null {
    return this.given;
  }

  connectedCallback(): void {
    this.label.textContent = this.said().strings.button;
  }

  disconnectedCallback(): void {
    this.reset();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    this.label.textContent = this.said().strings.button;
    if (name === "lang") this.parts?.view.speak(this.said());
    else this.reset();
  }

  /** Show the dialog, as a press of the button does. */
  open(): void {
    const { flow, view } = (this.parts ??= this.made());
    view.open();
    flow.open();
  }

  close(): void {
    this.parts?.view.dialog.close();
  }

  private made(): { flow: Flow; view: View } {
    const shop = {
      baseUrl: new URL(this.getAttribute("gateway") ?? GATEWAY, document.baseURI).href.replace(/\/$/, ""),
      tokens: this.tokens(),
      garment: () => new URL(this.getAttribute("garment") ?? "", document.baseURI).href,
      category: () => {
        const category = this.getAttribute("category") ?? "auto";
        return (CATEGORIES.includes(category) ? category : "auto") as Category;
      },
    };
    const flow = new Flow(shop, (state) => this.onState(state));
    const view = new View(flow, this.said(), () => flow.closed());
    this.shadowRoot?.append(view.dialog);
    return { flow, view };
  }

  private tokens(): TokenSource {
    if (this.given) return new TokenSource(this.given);
    const url = new URL(this.getAttribute("token-url") ?? "/proteus-token", document.baseURI).href;
    const source = sources.get(url) ?? new TokenSource(asking(url));
    sources.set(url, source);
    return source;
  }

  private onState(state: State): void {
    this.parts?.view.show(state);
    this.launch.toggleAttribute("data-busy", state.at === "sending" || state.at === "working");
    if (state.at === "result" && state.result.url !== this.shown) {
      this.shown = state.result.url;
      this.tell("proteus:result", state.result);
    }
    if (state.at === "problem") {
      const { code, message, status, retryable, requestId } = state.problem;
      this.tell("proteus:error", { code, message, status, retryable, requestId });
    }
  }

  private tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** The nearest language that is said of the element, else the browser's. */
  private said() {
    return stringsFor(this.closest("[lang]")?.getAttribute("lang"), ...navigator.languages);
  }

  /** End what runs: another garment, another shopper, or no element any more. */
  private reset(): void {
    this.parts?.flow.stop();
    this.parts?.view.dialog.remove();
    this.parts = null;
  }
}
