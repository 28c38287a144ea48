/* Studio: a person, a garment, one button, and the picture. */
import { useStrings } from "../../strings/index.ts";

export function Studio() {
  const { app } = useStrings();
  return <h1>{app.studio}</h1>;
}
