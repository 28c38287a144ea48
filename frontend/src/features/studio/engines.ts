/* The engines of this deployment, and what they can put on. */
import { done, type Schemas } from "@proteus/client";
import { useQuery } from "@tanstack/react-query";
import { options } from "../../shared/draft.ts";
import { api } from "../../shared/session.ts";
import { useSignal } from "../../shared/signal.ts";

export type Engine = Schemas["ModelBody"];

/** Every engine that the gateway lists; none until it has answered. */
export function useAllEngines(): Engine[] {
  return useQuery({ queryKey: ["models"], queryFn: () => done(api.GET("/v1/models")) }).data?.items ?? [];
}

/** Those that may make the next picture: the chosen one, else all that run here. */
export function useEngines(): Engine[] {
  const { engine } = useSignal(options);
  return useAllEngines().filter((one) => (engine ? one.engine === engine : one.allowed && one.state !== "absent"));
}
