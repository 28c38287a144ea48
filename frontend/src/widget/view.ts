/* The dialog: one panel for each state. A panel is made once and changed while its state lasts, so the focus stays where it is. */
import type { Problem } from "@proteus/client";
import { type Job, milestoneOf, secondsLeft, shareOf } from "../shared/job.ts";
import { type Camera, hasCamera, startCamera } from "./camera.ts";
import { h } from "./dom.ts";
import type { Flow, Result, State } from "./flow.ts";
import { type Strings, stringsFor, wordsFor } from "./strings.ts";

type Language = ReturnType<typeof stringsFor>["language"];
type Panel = { title: string; nodes: (Node | null | false)[]; update?: (state: State) => void; leave?: () => void };

const SECOND_MS = 1_000;

export class View {
  readonly dialog: HTMLDialogElement;
  private readonly flow: Flow;
  private readonly title = h("h2", { id: "title", tabindex: -1 });
  private readonly body = h("div", { class: "body", part: "body" });
  private readonly heard = h("p", { class: "heard", role: "status" });
  private readonly close: HTMLButtonElement;
  private strings: Strings;
  private language: Language;
  private panel: Panel | null = null;
  private at: State["at"] = "idle";
  private photoUrl: { of: Blob; url: string } | null = null;

  constructor(flow: Flow, said: { strings: Strings; language: Language }, onClose: () => void) {
    this.flow = flow;
    this.strings = said.strings;
    this.language = said.language;
    this.close = h("button", { type: "button", class: "close", part: "close", click: () => this.dialog.close() }, h("span", { "aria-hidden": "true" }, "×"));
    const top = h("header", {}, this.title, this.close);
    this.dialog = h("dialog", { part: "dialog", "aria-labelledby": "title", close: onClose }, top, this.body, this.heard);
  }

  /** Speak another language from the next panel on. */
  speak(said: { strings: Strings; language: Language }): void {
    this.strings = said.strings;
    this.language = said.language;
    this.at = "idle";
  }

  open(): void {
    this.dialog.lang = this.language;
    this.close.setAttribute("aria-label", this.strings.close);
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** Give back what the browser holds for this element. */
  release(): void {
    this.panel?.leave?.();
    this.panel = null;
    this.at = "idle";
    if (this.photoUrl) URL.revokeObjectURL(this.photoUrl.url);
    this.photoUrl = null;
    if (this.dialog.open) this.dialog.close();
  }

  show(state: State): void {
    if (state.at === "idle") return this.release();
    if (state.at !== this.at || !this.panel?.update) {
      this.panel?.leave?.();
      this.at = state.at;
      this.panel = this.panelFor(state);
      this.title.textContent = this.panel.title;
      this.body.className = `body ${state.at}`;
      this.body.replaceChildren(...this.panel.nodes.filter((node): node is Node => node instanceof Node));
      this.say(this.panel.title);
      if (this.dialog.open) this.title.focus();
    }
    this.panel.update?.(state);
  }

  private say(text: string): void {
    if (this.heard.textContent !== text) this.heard.textContent = text;
  }

  private panelFor(state: State): Panel {
    switch (state.at) {
      case "consent":
        return this.consent(state);
      case "pick":
        return this.pick(state.removed);
      case "camera":
        return this.camera();
      case "sending":
        return this.sending();
      case "working":
        return this.working();
      case "result":
        return this.result(state.result);
      case "remove":
        return this.remove();
      case "problem":
        return this.problem(state.problem);
      default:
        return { title: this.strings.title, nodes: [h("p", {}, this.strings.opening)] };
    }
  }

  private button(text: string, click: () => void, { primary = false, part = "secondary" } = {}): HTMLButtonElement {
    return h("button", { type: "button", class: primary ? "primary" : "", part: `action ${primary ? "primary" : part}`, click }, text);
  }

  private removal(): HTMLElement | false {
    return this.flow.hasLeftSomething && h("button", { type: "button", class: "link", part: "link", click: () => this.flow.toRemove() }, this.strings.remove);
  }

  private consent({ rule, outdated }: Extract<State, { at: "consent" }>): Panel {
    const { strings } = this;
    const years = rule.minimum_age;
    const agree = this.button(strings.agree, () => ((agree.disabled = true), this.flow.agree(years !== null)), { primary: true });
    const old = h("input", { type: "checkbox", change: () => (agree.disabled = !old.checked) });
    agree.disabled = years !== null;
    return {
      title: strings.consentTitle,
      nodes: [
        outdated && h("p", { class: "what", role: "alert" }, strings.outdated),
        h("p", { class: "text", part: "consent", tabindex: 0 }, rule.text ?? ""),
        rule.version !== null && h("p", { class: "soft" }, strings.consentVersion(rule.version)),
        years !== null && h("label", { class: "check" }, old, h("span", {}, strings.age(years))),
        h("div", { class: "row" }, this.button(strings.decline, () => this.dialog.close()), agree),
      ],
    };
  }

  private pick(removed: boolean): Panel {
    const { strings } = this;
    return {
      title: strings.pickTitle,
      nodes: [
        removed && h("p", { role: "status" }, strings.removed),
        h("p", {}, strings.pickLead),
        h("div", { class: "row" }, this.file(strings.choose, { primary: true }), hasCamera() ? this.button(strings.camera, () => this.flow.toCamera()) : this.file(strings.camera, { capture: "user" })),
        h("p", { class: "soft" }, strings.privacy),
        this.removal(),
      ],
    };
  }

  private file(text: string, { primary = false, capture = null as string | null }): HTMLElement {
    const input = h("input", { type: "file", accept: "image/*", capture, "aria-label": text, change: () => input.files?.[0] && this.flow.use(input.files[0]) });
    return h("label", { class: `button file ${primary ? "primary" : ""}`, part: `action ${primary ? "primary" : "secondary"}` }, h("span", { "aria-hidden": "true" }, text), input);
  }

  private camera(): Panel {
    const { strings } = this;
    let camera: Camera | null = null;
    let over = false;
    const note = h("p", { role: "status" }, strings.cameraAsk);
    const video = h("video", { class: "picture", playsinline: true, hidden: true, "aria-hidden": "true" });
    video.muted = true;
    const take = this.button(strings.take, () => void camera?.take().then((photo) => photo && this.flow.use(photo)), { primary: true });
    take.disabled = true;
    const start = async () => {
      try {
        camera = await startCamera(video);
      } catch {
        note.textContent = strings.cameraOff;
        return;
      }
      if (over) return camera.stop();
      video.hidden = false;
      note.hidden = true;
      take.disabled = false;
      take.focus();
    };
    void start();
    return {
      title: strings.cameraTitle,
      nodes: [video, note, h("div", { class: "row" }, this.button(strings.back, () => this.flow.toPick()), take)],
      leave: () => {
        over = true;
        camera?.stop();
      },
    };
  }

  private sending(): Panel {
    const { strings } = this;
    const bar = h("progress", { max: 1, "aria-label": strings.progress, part: "progress" });
    const text = h("p", {}, strings.reading);
    return {
      title: strings.workingTitle,
      nodes: [bar, text, h("div", { class: "row" }, this.button(strings.cancel, () => this.flow.cancel()))],
      update: (state) => {
        if (state.at !== "sending" || state.share === null) return;
        bar.value = state.share;
        text.textContent = strings.sending(Math.round(100 * state.share));
      },
    };
  }

  private working(): Panel {
    const { strings } = this;
    const bar = h("progress", { max: 1, "aria-label": strings.progress, part: "progress" });
    const stage = h("p", { part: "stage" }, strings.now.preparing);
    const more = h("p", { class: "soft" });
    const lost = h("p", { class: "what", role: "alert", hidden: true });
    let job: Job | null = null;
    const tick = () => {
      const left = job && secondsLeft(job, Date.now());
      const place = job?.status === "queued" && typeof job.position === "number" ? strings.ahead(job.position, job.position_is_least ?? false) : "";
      more.textContent = [place, left ? strings.left(Math.round(left.likely)) : ""].filter(Boolean).join(" ");
    };
    const clock = setInterval(tick, SECOND_MS);
    return {
      title: strings.workingTitle,
      nodes: [this.ownPhoto("picture"), bar, stage, more, lost, h("div", { class: "row" }, this.button(strings.cancel, () => this.flow.cancel()))],
      update: (state) => {
        if (state.at !== "working") return;
        job = state.job;
        if (lost.hidden === state.lost) {
          lost.hidden = !state.lost;
          lost.textContent = state.lost ? strings.lost : "";
        }
        if (job) {
          bar.value = shareOf(job);
          stage.textContent = strings.now[milestoneOf(job)];
        }
        tick();
        const place = more.textContent && job?.stage === "waiting" && typeof job.position === "number" ? ` ${strings.ahead(job.position, job.position_is_least ?? false)}` : "";
        this.say(`${stage.textContent}.${place}`);
      },
      leave: () => clearInterval(clock),
    };
  }

  private result(result: Result): Panel {
    const { strings } = this;
    const after = h("img", { src: result.url, alt: strings.resultAlt, referrerpolicy: "no-referrer", part: "result", error: () => this.flow.signAgain() });
    const before = this.ownPhoto("photo");
    const figure = h("figure", { class: "compare", part: "compare" }, after, before);
    const cut = (percent: string) => figure.style.setProperty("--cut", `${percent}%`);
    const slider = h("input", { type: "range", min: 0, max: 100, value: 0, "aria-label": strings.compare, input: () => cut(slider.value) });
    cut("0");
    const save = this.button(strings.download, () => {
      save.disabled = true;
      this.flow
        .downloadAddress(result)
        .then((href) => h("a", { href, rel: "noreferrer" }).click())
        .catch(() => this.flow.signAgain())
        .finally(() => (save.disabled = false));
    }, { primary: true });
    return {
      title: strings.resultTitle,
      nodes: [
        figure,
        before && h("div", { class: "slider" }, h("span", { "aria-hidden": "true" }, strings.before), slider, h("span", { "aria-hidden": "true" }, strings.after)),
        h("p", { class: "soft" }, strings.mine),
        h("div", { class: "row" }, save, this.button(strings.again, () => this.flow.again()), this.button(strings.another, () => this.flow.toPick())),
        this.removal(),
      ],
    };
  }

  private remove(): Panel {
    const { strings } = this;
    const yes = this.button(strings.removeYes, () => ((yes.disabled = true), this.flow.remove()), { primary: true });
    return {
      title: strings.removeTitle,
      nodes: [h("p", {}, strings.removeWhy), h("div", { class: "row" }, this.button(strings.removeNo, () => this.flow.keep()), yes)],
    };
  }

  private problem(problem: Problem): Panel {
    const { strings } = this;
    const { what, todo } = wordsFor(problem.code, this.language);
    const id = problem.requestId;
    return {
      title: strings.problemTitle,
      nodes: [
        h("p", { class: "what", role: "alert", part: "error" }, what),
        h("p", {}, todo),
        Boolean(id) && h("p", { class: "soft" }, `${strings.number}: ${id} (${problem.code})`),
        h("div", { class: "row" }, this.flow.photo && this.button(strings.another, () => this.flow.toPick()), this.button(strings.again, () => this.flow.retry(), { primary: true })),
        this.removal(),
      ],
    };
  }

  private ownPhoto(name: string): HTMLImageElement | null {
    const { photo } = this.flow;
    if (!photo) return null;
    if (this.photoUrl?.of !== photo) {
      if (this.photoUrl) URL.revokeObjectURL(this.photoUrl.url);
      this.photoUrl = { of: photo, url: URL.createObjectURL(photo) };
    }
    return h("img", { class: name, src: this.photoUrl.url, alt: this.strings.photoAlt });
  }
}
