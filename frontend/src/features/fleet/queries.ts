/*
 * What the page asks of the gateway, and how often. Events carry one user's jobs only, and a fleet changes all the time; so the
 * page asks while somebody sees it, and keeps the last answer on the screen while the next one is on its way.
 */
import { done, type Schemas } from "@proteus/client";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { operatorApi } from "../../shared/operator.ts";
import { given } from "./figures.ts";

const SOON_MS = 2_000;
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

/** The query of the jobs' list; the fields are what the API calls them. */
type ListQuery = { state: JobFilter["state"]; kind?: Schemas["JobKind"]; engine?: string; tenant?: string; code?: string };

export function useOverview() {
  return useQuery({
    queryKey: ["fleet", "overview"],
    queryFn: () => done(operatorApi.GET("/v1/queue")),
    refetchInterval: SOON_MS,
    staleTime: 0,
  });
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
