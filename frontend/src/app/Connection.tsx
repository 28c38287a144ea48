/* How live the page is, in one word; shown once it follows anything. */
import { connection } from "../shared/jobs.ts";
import { useSignal } from "../shared/signal.ts";
import { useStrings } from "../strings/index.ts";

export function Connection() {
  const { studio } = useStrings();
  const now = useSignal(connection);
  return (
    <span className={`connection ${now}`} role="status" data-connection={now}>
      {studio.connection[now]}
    </span>
  );
}
