import { Problem } from "@proteus/client";
import { afterEach, expect, test, vi } from "vitest";
import { asking, type Given, TokenSource } from "../../../src/widget/tokens.ts";

/** A shop whose tokens are numbered, and a clock in seconds. */
function shop(expires_in: number) {
  const clock = { seconds: 0 };
  const ask = vi.fn(async (): Promise<Given> => ({ access_token: `t${ask.mock.calls.length}`, expires_in, user_id: "user_1" }));
  return { clock, ask, source: new TokenSource(ask, () => clock.seconds * 1000) };
}

const refused = (status: number) => new Problem({ message: "", code: "token_expired", status, retryable: false });

afterEach(() => vi.unstubAllGlobals());

test.each([
  [900, 839, 841],
  [60, 47, 49],
  [300, 239, 241],
])("a token of %i s serves for %i s and is renewed after %i s", async (life, before, after) => {
  const { clock, ask, source } = shop(life);
  expect(await source.token()).toBe("t1");
  clock.seconds = before;
  expect(await source.token()).toBe("t1");
  clock.seconds = after;
  expect(await source.token()).toBe("t2");
  expect(ask).toHaveBeenCalledTimes(2);
  expect(source.user).toBe("user_1");
});

test("who waits at the same time gets the same token", async () => {
  const { ask, source } = shop(900);
  expect(await Promise.all([source.token(), source.token(), source.token()])).toEqual(["t1", "t1", "t1"]);
  expect(ask).toHaveBeenCalledTimes(1);
});

test("a refused token is renewed and the request repeated, once", async () => {
  const { source } = shop(900);
  const used: string[] = [];
  const act = async () => {
    used.push(await source.token());
    if (used.length === 1) throw refused(401);
    return "done";
  };
  expect(await source.use(act)).toBe("done");
  expect(used).toEqual(["t1", "t2"]);
  await expect(source.use(async () => Promise.reject(refused(401)))).rejects.toThrow(Problem);
});

test.each([403, 404, 409, 429, 500])("a refusal with %i is no reason for a new token", async (status) => {
  const { ask, source } = shop(900);
  await source.token();
  await expect(source.use(async () => Promise.reject(refused(status)))).rejects.toThrow(Problem);
  await source.token();
  expect(ask).toHaveBeenCalledTimes(1);
});

test.each([null, {}, { access_token: "" }, { access_token: "t" }, { access_token: "t", expires_in: 0 }, { access_token: 1, expires_in: 9 }])(
  "the answer %o is no token, and the next one is asked for anew",
  async (answer) => {
    let first = true;
    const source = new TokenSource(async () => {
      const given = first ? answer : { access_token: "good", expires_in: 60 };
      first = false;
      return given as Given;
    });
    await expect(source.token()).rejects.toMatchObject({ code: "token_unusable" });
    expect(await source.token()).toBe("good");
  },
);

test("the shop's endpoint is asked by POST with the shop's cookies; its refusal never looks like the API's 401", async () => {
  const fetched = vi.fn(async (_url: string, _options: RequestInit) => Response.json({ detail: "Log in first." }, { status: 401 }));
  vi.stubGlobal("fetch", fetched);
  await expect(asking("https://shop.example/t")()).rejects.toMatchObject({ code: "token_refused", status: 403, message: "Log in first." });
  expect(fetched.mock.calls[0]).toMatchObject(["https://shop.example/t", { method: "POST", credentials: "same-origin" }]);
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("offline")));
  await expect(asking("https://shop.example/t")()).rejects.toMatchObject({ code: "network", retryable: true });
});
