/* Signed addresses of results: a result's own address needs a token, an <img> sends none. */
import { done, type Schemas } from "@proteus/client";
import { api } from "./session.ts";

/** Return the signed address behind one of a result. */
export async function signedAddress(resultUrl: string): Promise<string> {
  return (await signedTicket(resultUrl)).download_url;
}

/** Return the signed address behind one of a result, and when it ends. */
export async function signedTicket(resultUrl: string, download = false): Promise<Schemas["DownloadTicket"]> {
  const [, jobId = "", n = "1"] = /\/v1\/results\/([^/]+)\/(\d+)/.exec(resultUrl) ?? [];
  const ticket = await done(
    api.GET("/v1/results/{job_id}/{n}", {
      params: { path: { job_id: decodeURIComponent(jobId), n: Number(n) }, query: download ? { download: true } : {} },
      headers: { Accept: "application/json" },
    }),
  );
  return ticket as Schemas["DownloadTicket"];
}
