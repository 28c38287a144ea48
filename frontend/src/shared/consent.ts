/*
 * What a shop asks of its shoppers before the first photo: its text, and perhaps their age.
 *
 *     picture ─▶ agreed? ─▶ (ask, once for all pictures) ─▶ upload          who says no keeps the picture on this device
 *
 * The server decides and refuses a photo without it; so a question that cannot be put is no obstacle here.
 */
import { type ApiClient, done, Problem, type Schemas } from "@proteus/client";
import { Signal } from "./signal.ts";

type Rule = Schemas["ConsentBody"];

/** A question that waits for a person's answer. */
export interface Question {
  text: string;
  minimumAge: number | null;
  /** Agree; rejects with a `Problem` where the server does not take it. */
  agree: (ageConfirmed: boolean) => Promise<void>;
  decline: () => void;
}

export const question = new Signal<Question | null>(null);
/** Whether this person has agreed to something that can be withdrawn. */
export const isWithdrawable = new Signal(false);

let asking: Promise<void> | null = null;

/** Return once photos may be sent; reject with the problem `consent_declined` where the person says no. */
export function agreed(api: ApiClient): Promise<void> {
  asking ??= ask(api).finally(() => (asking = null));
  return asking;
}

/** Learn whether there is something to withdraw; nobody waits for it. */
export async function look(api: ApiClient): Promise<void> {
  const rule = await done(api.GET("/v1/consent")).catch(() => null);
  if (rule) learn(rule);
}

/** Withdraw: the server deletes the person and all that is kept of them. */
export async function withdraw(api: ApiClient): Promise<void> {
  await done(api.DELETE("/v1/consent"));
  isWithdrawable.set(false);
}

async function ask(api: ApiClient): Promise<void> {
  const rule = await done(api.GET("/v1/consent")).catch(() => null);
  if (!rule) return;
  learn(rule);
  if (rule.required && !rule.met && rule.version && rule.text) await answer(api, rule, rule.version, rule.text);
}

function answer(api: ApiClient, rule: Rule, version: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const close = () => question.set(null);
    question.set({
      text,
      minimumAge: rule.minimum_age,
      agree: async (ageConfirmed) => {
        learn(await done(api.POST("/v1/consent", { body: { version, scope: ["photos"], age_confirmed: ageConfirmed } })));
        close();
        resolve();
      },
      decline: () => {
        close();
        reject(new Problem({ message: "The photo was not sent.", code: "consent_declined", status: 0, retryable: true }));
      },
    });
  });
}

function learn(rule: Rule): void {
  isWithdrawable.set(rule.required && rule.given !== null);
}
