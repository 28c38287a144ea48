/* History: every try-on of this user, with small pictures; filters, comparing any two, deleting. */
import { done } from "@proteus/client";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import "./history.css";
import { Compare } from "../../components/compare/Compare.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { Icon } from "../../components/Icon.tsx";
import { Link } from "../../components/Link.tsx";
import { TryonThumb } from "../../components/TryonThumb.tsx";
import { useBlobUrl, useFound } from "../../shared/blobs.ts";
import { remove } from "../../shared/db.ts";
import { signedTicket } from "../../shared/signed.ts";
import type { Status } from "../../shared/job.ts";
import { addressOf } from "../../shared/routes.ts";
import { api } from "../../shared/session.ts";
import { away, briefMoment, moment } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { type Filter, FILTERS, matches, toggled } from "./filters.ts";

const PAGE = 24;

export default function History() {
  const { history, studio } = useStrings();
  const [filter, setFilter] = useState<Filter>("all");
  const [selected, setSelected] = useState<readonly string[]>([]);
  const [open, setOpen] = useState<"compare" | "delete" | null>(null);
  const [announcement, setAnnouncement] = useState("");
  const queries = useQueryClient();
  const list = useInfiniteQuery({
    queryKey: ["tryons", "history"],
    queryFn: ({ pageParam }) =>
      done(api.GET("/v1/tryons", { params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const every = list.data?.pages.flatMap((page) => page.items) ?? [];
  const items = every.filter((job) => matches(job.status, filter));
  const chosen = selected.map((id) => every.find((job) => job.job_id === id)).filter((job): job is Status => job !== undefined);
  const comparable = chosen.length === 2 && chosen.every((job) => job.status === "completed");

  const discard = async () => {
    for (const id of selected) {
      await done(api.DELETE("/v1/tryons/{job_id}", { params: { path: { job_id: id } } }));
      await remove("tryons", id);
    }
    setAnnouncement(history.removed(selected.length));
    setSelected([]);
    setOpen(null);
    await queries.invalidateQueries({ queryKey: ["tryons"] });
  };
  return (
    <div className="history">
      <header className="history-head">
        <div>
          <h1>{history.name}</h1>
          <p className="soft">{history.lead}</p>
        </div>
        <div className="segments" role="group" aria-label={history.filter}>
          {FILTERS.map((one) => (
            <button key={one} type="button" aria-pressed={one === filter} onClick={() => setFilter(one)}>
              {history.filters[one]}
            </button>
          ))}
        </div>
      </header>
      <p role="status" className="unseen">
        {announcement}
      </p>
      {list.isSuccess && items.length === 0 && (
        <div className="stage-card card empty">
          <h2>{every.length ? history.emptyFilter : history.empty}</h2>
          {every.length === 0 && <p className="soft">{history.emptyHint}</p>}
          <Link to={addressOf({})} className="button primary">
            {history.toStudio}
          </Link>
        </div>
      )}
      <ul className="grid">
        {items.map((job) => (
          <Card key={job.job_id} job={job} selected={selected.includes(job.job_id)} onSelect={() => setSelected((now) => toggled(now, job.job_id))} />
        ))}
      </ul>
      {list.hasNextPage && (
        <button type="button" className="button more" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {history.more}
        </button>
      )}
      {selected.length > 0 && (
        <div className="selection card" role="region" aria-label={history.selected(selected.length)}>
          <span>{comparable || selected.length > 2 ? history.selected(selected.length) : history.compareHint}</span>
          <button type="button" className="button primary" disabled={!comparable} onClick={() => setOpen("compare")}>
            <Icon name="side" />
            {history.compare}
          </button>
          <button type="button" className="button danger" onClick={() => setOpen("delete")}>
            <Icon name="trash" />
            {history.remove(selected.length)}
          </button>
          <button type="button" className="button quiet icon small" aria-label={history.clear} onClick={() => setSelected([])}>
            <Icon name="close" />
          </button>
        </div>
      )}
      {open === "compare" && chosen[0] && chosen[1] && <CompareDialog first={chosen[0]} second={chosen[1]} onClose={() => setOpen(null)} />}
      {open === "delete" && (
        <Dialog title={history.remove(selected.length)} onClose={() => setOpen(null)}>
          <p>{history.removeSure(selected.length)}</p>
          <div className="row">
            <button type="button" className="button" onClick={() => setOpen(null)}>
              {studio.keepIt}
            </button>
            <button type="button" className="button danger" onClick={() => void discard()}>
              {studio.removeYes}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Card({ job, selected, onSelect }: { job: Status; selected: boolean; onSelect: () => void }) {
  const { history } = useStrings();
  const language = useLanguage();
  const when = moment(job.created_at, language);
  const [now] = useState(() => Date.now());
  return (
    <li className={selected ? "card selected" : "card"}>
      <Link to={addressOf({ jobId: job.job_id })}>
        <TryonThumb job={job} />
      </Link>
      <label className="pick">
        <input type="checkbox" checked={selected} aria-label={history.select(history.tryon(when))} onChange={onSelect} />
      </label>
      <p className="small">
        <span>{briefMoment(job.created_at, now, language)}</span>
        {job.expires_at && <span className="soft">{history.expires(away(job.expires_at, now, language))}</span>}
      </p>
    </li>
  );
}

function CompareDialog({ first, second, onClose }: { first: Status; second: Status; onClose: () => void }) {
  const { history } = useStrings();
  const language = useLanguage();
  const [a, b] = [usePicture(first), usePicture(second)];
  return (
    <Dialog title={history.compareTitle} onClose={onClose} wide>
      {a && b && (
        <Compare
          before={{ url: a, alt: history.tryon(moment(first.created_at, language)), label: history.first }}
          after={{ url: b, alt: history.tryon(moment(second.created_at, language)), label: history.second }}
          modes={["slider", "side", "blink"]}
        />
      )}
    </Dialog>
  );
}

function usePicture(job: Status): string | null {
  const blob = useFound(() => pictureOf(job), job.job_id);
  return useBlobUrl(blob);
}

async function pictureOf(job: Status): Promise<Blob | null> {
  const url = job.results?.find((one) => one.status === "completed")?.url;
  if (!url) return null;
  const answer = await fetch((await signedTicket(url)).download_url);
  return answer.ok ? answer.blob() : null;
}
