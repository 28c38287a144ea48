/* How live the page is, in one word; shown once it follows anything. */
import { useEffect } from "react";
import { connection, follow } from "../shared/jobs.ts";
import { useSignal } from "../shared/signal.ts";
import { useStrings } from "../strings/index.ts";

export function Connection() {
  const { studio } = useStrings();
  useEffect(follow, []);
  const now = useSignal(connection);
  return (
    <span className={`connection ${now}`} role="status" data-connection={now}>
      {studio.connection[now]}
    </span>
  );
}
