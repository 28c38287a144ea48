/* Who looks after the fleet: an administrator's login, or a token. */
import { useState } from "react";
import { asProblem } from "../../shared/problems.ts";
import { logIn, takeToken } from "../../shared/operator.ts";
import { useStrings } from "../../strings/index.ts";

export function SignIn() {
  const strings = useStrings();
  const { fleet } = strings;
  const [way, setWay] = useState<"account" | "token">("account");
  const [trouble, setTrouble] = useState("");
  const [busy, setBusy] = useState(false);

  const enter = async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setTrouble("");
    try {
      await (way === "account" ? logIn(text("email"), text("password")) : takeToken(text("token")));
    } catch (error) {
      const problem = asProblem(error);
      setTrouble(fleet.signInTroubles[problem.code] ?? strings.problems[problem.code]?.what ?? problem.message);
      setBusy(false);
    }
  };
  return (
    <section className="card sign-in">
      <h1>{fleet.name}</h1>
      <p className="soft">{fleet.signInWhy}</p>
      <div className="segments" role="group" aria-label={fleet.signInWay}>
        {(["account", "token"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={one === way} onClick={() => setWay(one)}>
            {fleet.signInWays[one]}
          </button>
        ))}
      </div>
      <form
        className="notice-form"
        onSubmit={(event) => {
          event.preventDefault();
          void enter(new FormData(event.currentTarget));
        }}
      >
        {way === "account" ? (
          <>
            <label className="field">
              <span>{fleet.email}</span>
              <input type="email" name="email" autoComplete="username" required />
            </label>
            <label className="field">
              <span>{fleet.password}</span>
              <input type="password" name="password" autoComplete="current-password" required />
            </label>
          </>
        ) : (
          <label className="field">
            <span>{fleet.token}</span>
            <input type="password" name="token" autoComplete="off" required />
          </label>
        )}
        {trouble && (
          <p className="note bad" role="alert">
            {trouble}
          </p>
        )}
        <button type="submit" className="button primary" disabled={busy}>
          {fleet.signIn}
        </button>
      </form>
      <p className="soft small">{fleet.signInHow}</p>
    </section>
  );
}
