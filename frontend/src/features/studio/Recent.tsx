/* The last try-ons, as small pictures that open them. */
import { done } from "@proteus/client";
import { useQuery } from "@tanstack/react-query";
import { Link } from "../../components/Link.tsx";
import { TryonThumb } from "../../components/TryonThumb.tsx";
import { useJob } from "../../shared/jobs.ts";
import { addressOf } from "../../shared/routes.ts";
import { api } from "../../shared/session.ts";
import { useStrings } from "../../strings/index.ts";

const MOST = 10;

export function Recent({ current }: { current: string | null }) {
  const { studio } = useStrings();
  const { job } = useJob(current);
  const list = useQuery({
    queryKey: ["tryons", "recent", current, job?.status],
    placeholderData: (before) => before,
    queryFn: () => done(api.GET("/v1/tryons", { params: { query: { limit: MOST } } })),
    refetchInterval: 15_000,
  });
  const items = list.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className="recent" aria-labelledby="recent">
      <header>
        <h2 id="recent">{studio.recent}</h2>
        <Link to={addressOf({ page: "history" })}>{studio.all}</Link>
      </header>
      <ul>
        {items.map((job) => (
          <li key={job.job_id}>
            <Link to={addressOf({ jobId: job.job_id })} current={job.job_id === current}>
              <TryonThumb job={job} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
