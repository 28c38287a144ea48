/*
 * What the page learns of the gateway, and how: the overview by a stream, as it changes, and by asking where no stream comes
 * through; the rest by asking while somebody sees it. The last answer stays on the screen while the next one is on its way.
 */
import { done, framesOf, type Schemas } from "@proteus/client";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { operatorApi } from "../../shared/operator.ts";
import { given } from "./figures.ts";

const OVERVIEW = ["fleet", "overview"];
const SOON_MS = 2_000;
const AGAIN_MS = 3_000;
const OFTEN_MS = 5_000;
const SELDOM_MS = 10_000;
const PAGE = 25;

export const MINUTES = 60;

export interface JobFilter {
  state: "alive" | "queued" | "running" | "failed" | "completed" | "canceled" | "expired";
  kind: string;
  engine: string;
  tenant: string;
  code: string;
}

export interface AuditFilter {
  action: string;
  tenant: string;
}

/** The query of the jobs' list; the fields are what the API calls them. */
type ListQuery = { state: JobFilter["state"]; kind?: Schemas["JobKind"]; engine?: string; tenant?: string; code?: string };

export function useOverview() {
  const live = useLive();
  const overview = useQuery({
    queryKey: OVERVIEW,
    queryFn: () => done(operatorApi.GET("/v1/queue")),
    refetchInterval: live ? false : SOON_MS,
    refetchOnWindowFocus: !live,
    staleTime: 0,
  });
  return { ...overview, live };
}

/** Follow the stream of the overview while the tab is seen; return whether it comes. */
function useLive(): boolean {
  const queries = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    let ours = new AbortController();
    const turn = () => {
      ours.abort();
      ours = new AbortController();
      if (document.visibilityState === "visible") void follow(ours.signal);
    };
    const follow = async (signal: AbortSignal) => {
      while (!signal.aborted) {
        try {
          const { data, response } = await operatorApi.GET("/v1/queue/live", { parseAs: "stream", signal });
          if (!response.ok || !data) throw new Error(`the stream answered ${response.status}`);
          for await (const frame of framesOf(data as ReadableStream<Uint8Array>)) {
            queries.setQueryData(OVERVIEW, JSON.parse(frame.data) as Schemas["QueueBody"]);
            setLive(true);
          }
        } catch {
          // The page asks meanwhile, and says what is wrong.
        }
        setLive(false);
        await new Promise((resume) => setTimeout(resume, AGAIN_MS));
      }
    };
    document.addEventListener("visibilitychange", turn);
    turn();
    return () => {
      document.removeEventListener("visibilitychange", turn);
      ours.abort();
    };
    // The client is one for the whole page.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [queries]);
  return live;
}

export function useFigures() {
  return useQuery({
    queryKey: ["fleet", "figures"],
    queryFn: () => done(operatorApi.GET("/v1/fleet/figures", { params: { query: { minutes: MINUTES } } })),
    refetchInterval: SELDOM_MS,
    staleTime: 0,
  });
}

export function useDecisions() {
  return useQuery({
    queryKey: ["fleet", "decisions"],
    queryFn: () => done(operatorApi.GET("/v1/fleet/decisions", { params: { query: { limit: 12 } } })),
    refetchInterval: OFTEN_MS,
    staleTime: 0,
  });
}

export function useJobs(filter: JobFilter) {
  const wanted = given({ ...filter }) as ListQuery;
  return useInfiniteQuery({
    queryKey: ["fleet", "jobs", filter],
    queryFn: ({ pageParam }) =>
      done(operatorApi.GET("/v1/queue/jobs", { params: { query: { ...wanted, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: OFTEN_MS,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

export function useAudit(filter: AuditFilter) {
  const wanted: Partial<AuditFilter> = given({ ...filter });
  return useInfiniteQuery({
    queryKey: ["fleet", "audit", filter],
    queryFn: ({ pageParam }) =>
      done(operatorApi.GET("/v1/audit", { params: { query: { ...wanted, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: SELDOM_MS,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

export function useTimeline(jobId: string) {
  return useQuery({
    queryKey: ["fleet", "timeline", jobId],
    queryFn: () => done(operatorApi.GET("/v1/queue/jobs/{job_id}/timeline", { params: { path: { job_id: jobId } } })),
    refetchInterval: SOON_MS,
    staleTime: 0,
  });
}

/** Count or change the jobs that a filter finds. */
export function changeMany(verb: "retry" | "drop", filter: JobFilter, { dryRun }: { dryRun: boolean }) {
  const { state, ...rest } = given({ ...filter }) as ListQuery;
  if (verb === "retry") return done(operatorApi.POST("/v1/queue/jobs/retry", { body: { ...rest, dry_run: dryRun } as Schemas["RetryRequest"] }));
  return done(operatorApi.POST("/v1/queue/jobs/drop", { body: { ...rest, state, dry_run: dryRun } as Schemas["DropRequest"] }));
}
