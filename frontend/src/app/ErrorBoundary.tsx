/* What a person sees when a page breaks: a sentence and a way out, never a blank page. */
import { Component, type ReactNode } from "react";
import { useStrings } from "../strings/index.ts";

export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { app } = useStrings();
  return (
    <section className="card notice" role="alert">
      <h2>{app.broken}</h2>
      <p>{app.brokenHint}</p>
      <button type="button" className="button primary" onClick={() => location.reload()}>
        {app.reload}
      </button>
    </section>
  );
}
